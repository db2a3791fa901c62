"""Names of photos and classes become places below an output folder, as text alone.

A list of photos may name anything: absolute paths, ``..``, addresses, names that Windows refuses.
The files that belong to a photo must all the same lie below the output folder of a command, under
a name that no other photo has.
"""

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp", ".gif", ".ppm", ".pgm"}
)
"""File endings that count as photos, in lower case."""

LONGEST_PART = 160  # bytes; file systems allow 255, and ".CLASS.METHOD.jpg" still has to fit
LONGEST_CLASS = 48

# Control characters, lone surrogates, ends of lines, and what Windows reserves.
_FORBIDDEN = re.compile(r'[\x00-\x1f\x7f-\x9f\ud800-\udfff\u2028\u2029<>:"/\\|?*]+')
_DEVICE = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³]) *(\.|$)", re.I)
# A folder of such a name could meet the file of a photo beside it.
_LIKE_A_FILE = re.compile(r"\.(png|jpg|npz|jsonl)[. ]*$", re.I)


def places(names: Sequence[str], *, root: str | None = None) -> list[str]:
    """Return a place below the output folder for every photo of a list.

    The tree of folders below ``root`` is kept, or below the folder that all photos share where
    there is no root or a photo lies outside it. A name that is a place already stays as it is. Two
    photos that would meet are numbered, whatever the order of the list.

    Parameters
    ----------
    names
        Names of all photos of the list: relative or absolute paths, with ``/`` or ``\\``, or
        addresses such as ``s3://bucket/a/1.jpg``. Nothing is looked up on a disk.
    root
        The folder that the user named.

    Returns
    -------
    list of str
        In the order of ``names``: relative, with ``/``, without the ending of a photo, NFC, no
        part empty or ``..``, valid on Windows, and unique also where case is ignored.

    Examples
    --------
    >>> places(["../photos/a/1.png", "../photos/b/1.png", "../photos/b/1.jpg"])
    ['a/1', 'b/1-2', 'b/1']
    """
    parts = [_parts(name) for name in names]
    shared = _shared_folder([*(p[:-1] for p in parts), *([] if root is None else [_parts(root)])])
    below = ["/".join(part[shared:]) for part in parts]
    wanted = [_as_place(name) for name in below]
    changed = [place != without_suffix(name) for place, name in zip(wanted, below, strict=True)]
    return _made_unique(wanted, first=list(zip(changed, names, strict=True)), longest=LONGEST_PART)


def class_parts(names: Sequence[str]) -> list[str]:
    """Return a part of a file name for every class: without ``/`` and ``.``, and unique.

    ``ID.CLASS.jpg`` can therefore never be the file of another photo or another class.

    Examples
    --------
    >>> class_parts(["golden retriever", "car/truck", "car.truck", "C++"])
    ['golden retriever', 'car_truck-2', 'car_truck', 'C++']
    """
    parts = [_valid(re.sub(r"[./\\]+", "_", name), longest=LONGEST_CLASS) for name in names]
    changed = [part != name for part, name in zip(parts, names, strict=True)]
    return _made_unique(parts, first=list(zip(changed, names, strict=True)), longest=LONGEST_CLASS)


def place_below(folder: Path, place: str, suffix: str) -> Path:
    """Return the path of a file that belongs to a photo; it lies below ``folder``.

    Parameters
    ----------
    folder
        The output folder.
    place
        The id of the photo, one that :func:`places` returns unchanged.
    suffix
        What follows the id in the name of the file, such as ``.png`` or ``.cat.jpg``.

    Raises
    ------
    ValueError
        If the id is no place, as one with ``..`` or an absolute one.
    """
    if place != _as_place(place + ".png"):
        raise ValueError(
            f"the id {place!r} of a photo cannot name a file below {folder}: "
            f"use {places([place + '.png'])[0]!r}, as getam.places makes it"
        )
    return folder / f"{place}{suffix}"


def without_suffix(name: str) -> str:
    """Take the ending of a photo off a name; other dots stay.

    Examples
    --------
    >>> without_suffix("a/cat.1.JPG"), without_suffix("cat.1")
    ('a/cat.1', 'cat.1')
    """
    suffix = PurePosixPath(name).suffix
    return name.removesuffix(suffix) if suffix.lower() in SUFFIXES else name


def folded(text: str) -> str:
    """Return one text for all names that a file system may take for one: case and Unicode form."""
    decomposed = unicodedata.normalize("NFD", text)
    return unicodedata.normalize("NFD", decomposed.upper().casefold())


def _parts(name: str) -> list[str]:
    """Split a path; ``.`` and ``..`` are resolved as text, an absolute one begins with ``/``."""
    name = name.replace("\\", "/")
    parts = ["/"] if name.startswith("/") else []
    for part in name.split("/"):
        if part == "..":
            _go_up(parts)
        elif part not in ("", "."):
            parts.append(part)
    return parts


def _go_up(parts: list[str]) -> None:
    if not parts or parts[-1] == "..":
        parts.append("..")
    elif parts[-1] != "/" and not parts[-1].endswith(":"):  # nothing is above / or a drive
        parts.pop()


def _shared_folder(folders: list[list[str]]) -> int:
    """Count the parts that all folders begin with."""
    if not folders:
        return 0
    first, last = min(folders), max(folders)  # what these two share, all between them share
    unequal = (i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b)
    return next(unequal, min(len(first), len(last)))


def _as_place(name: str) -> str:
    """Return a path that is valid everywhere; it may meet that of another name."""
    parts = [part for part in without_suffix(name).split("/") if part not in ("", ".", "..")]
    *folders, last = parts or ["_"]
    apart = [f"{part}_" if _LIKE_A_FILE.search(part) else part for part in folders]
    return "/".join(_valid(part, longest=LONGEST_PART) for part in (*apart, last))


def _valid(part: str, *, longest: int) -> str:
    """Return a file name that every file system takes, as near to ``part`` as can be."""
    name = _FORBIDDEN.sub("_", unicodedata.normalize("NFC", part)).rstrip(". ") or "_"
    device = _DEVICE.match(name)
    if device:
        name = f"{name[: device.start(3)]}_{name[device.start(3) :]}"
    return _cut(name, longest)


def _cut(name: str, longest: int) -> str:
    """Cut a name to so many bytes; a short hash of the whole name keeps it apart from others."""
    whole = name.encode()
    if len(whole) <= longest:
        return name
    mark = hashlib.sha256(whole).hexdigest()[:8]
    return f"{whole[: longest - len(mark) - 1].decode(errors='ignore')}-{mark}"


def _made_unique(
    wanted: Sequence[str], *, first: Sequence[tuple[bool, str]], longest: int
) -> list[str]:
    """Number the places that agree; of those the one with the least ``first`` keeps its name."""
    order = sorted(range(len(wanted)), key=lambda index: first[index])
    owners: dict[str, int] = {}
    for index in order:
        owners.setdefault(folded(wanted[index]), index)
    made, used = list(wanted), Counter[str]()
    taken = set(owners)
    for index in order:
        if owners[folded(wanted[index])] != index:
            made[index] = _next_free(wanted[index], taken, used, longest=longest)
    return made


def _next_free(place: str, taken: set[str], used: Counter[str], *, longest: int) -> str:
    """Number a place until it is free, and take it."""
    head, slash, last = place.rpartition("/")
    while True:
        used[folded(place)] += 1
        number = f"-{used[folded(place)] + 1}"
        numbered = f"{head}{slash}{_cut(last, longest - len(number))}{number}"
        if folded(numbered) not in taken:
            taken.add(folded(numbered))
            return numbered
