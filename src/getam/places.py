"""This module turns the names of photos and classes into places below an output folder.

A list of photos may name anything: absolute paths, ``..``, addresses, names that Windows refuses.
The output files of a photo must nevertheless lie below the output folder of the command, under a
name that no other photo has. Places are computed from the text of the names alone.
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
# A folder of such a name could have the path of the output file of a photo beside it.
_LIKE_A_FILE = re.compile(r"\.(png|jpg|npz|jsonl)[. ]*$", re.I)


def places(names: Sequence[str], *, root: str | None = None) -> list[str]:
    """Return a place below the output folder for every photo of a list.

    The tree of folders below ``root`` is kept. Without a root, or with a photo outside it, the tree
    below the folder that all photos share is kept. A name that is a place already stays as it is.
    Photos that would get the same place are numbered, and the order of the list does not matter.

    Parameters
    ----------
    names
        The names of all photos of the list: relative or absolute paths, with ``/`` or ``\\``, or
        addresses such as ``s3://bucket/a/1.jpg``. Nothing is looked up on a disk.
    root
        The folder that the user named, if any.

    Returns
    -------
    list of str
        One place per name, in the same order. A place is a relative path with ``/``, without the
        ending of the photo, in the Unicode form NFC. No part of it is empty or ``..``. It is valid
        on Windows, and unique even if case is ignored.

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
    """Return a unique part of a file name for every class, without ``/`` and ``.``.

    Therefore ``ID.CLASS.jpg`` can never be the file of another photo or another class.

    Examples
    --------
    >>> class_parts(["golden retriever", "car/truck", "car.truck", "C++"])
    ['golden retriever', 'car_truck-2', 'car_truck', 'C++']
    """
    parts = [_valid(re.sub(r"[./\\]+", "_", name), longest=LONGEST_CLASS) for name in names]
    changed = [part != name for part, name in zip(parts, names, strict=True)]
    return _made_unique(parts, first=list(zip(changed, names, strict=True)), longest=LONGEST_CLASS)


def place_below(folder: Path, place: str, suffix: str) -> Path:
    """Return the path of an output file of a photo, which lies below ``folder``.

    Parameters
    ----------
    folder
        The output folder.
    place
        The id of the photo. It must be a place, which :func:`places` returns unchanged.
    suffix
        The text that follows the id in the name of the file, such as ``.png`` or ``.cat.jpg``.

    Raises
    ------
    ValueError
        If the id is no place, for example because it is absolute or holds ``..``.
    """
    if place != _as_place(place + ".png"):
        raise ValueError(
            f"the id {place!r} of a photo cannot name a file below {folder}: "
            f"use {places([place + '.png'])[0]!r}, as getam.places makes it"
        )
    return folder / f"{place}{suffix}"


def without_suffix(name: str) -> str:
    """Return a name without the ending of a photo file. Other dots stay.

    Examples
    --------
    >>> without_suffix("a/cat.1.JPG"), without_suffix("cat.1")
    ('a/cat.1', 'cat.1')
    """
    suffix = PurePosixPath(name).suffix
    return name.removesuffix(suffix) if suffix.lower() in SUFFIXES else name


def folded(text: str) -> str:
    """Return one text for all names that differ only in case or in their Unicode form.

    Some file systems take such names for the same.
    """
    decomposed = unicodedata.normalize("NFD", text)
    return unicodedata.normalize("NFD", decomposed.upper().casefold())


def _parts(name: str) -> list[str]:
    """Split a path and resolve ``.`` and ``..`` as text. An absolute path begins with ``/``."""
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
    first, last = min(folders), max(folders)  # all folders between these two share what they share
    unequal = (i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b)
    return next(unequal, min(len(first), len(last)))


def _as_place(name: str) -> str:
    """Return a path that is valid everywhere. Another name may lead to the same path."""
    parts = [part for part in without_suffix(name).split("/") if part not in ("", ".", "..")]
    *folders, last = parts or ["_"]
    apart = [f"{part}_" if _LIKE_A_FILE.search(part) else part for part in folders]
    return "/".join(_valid(part, longest=LONGEST_PART) for part in (*apart, last))


def _valid(part: str, *, longest: int) -> str:
    """Return a file name that every file system accepts, as close to ``part`` as possible."""
    name = _FORBIDDEN.sub("_", unicodedata.normalize("NFC", part)).rstrip(". ") or "_"
    device = _DEVICE.match(name)
    if device:
        name = f"{name[: device.start(3)]}_{name[device.start(3) :]}"
    return _cut(name, longest)


def _cut(name: str, longest: int) -> str:
    """Cut a name to ``longest`` bytes. A short hash of the whole name keeps it unique."""
    whole = name.encode()
    if len(whole) <= longest:
        return name
    mark = hashlib.sha256(whole).hexdigest()[:8]
    return f"{whole[: longest - len(mark) - 1].decode(errors='ignore')}-{mark}"


def _made_unique(
    wanted: Sequence[str], *, first: Sequence[tuple[bool, str]], longest: int
) -> list[str]:
    """Number places that agree. Among them, the one with the least ``first`` keeps its name."""
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
    """Return the first numbered form of a place that is free, and mark it as taken."""
    head, slash, last = place.rpartition("/")
    while True:
        used[folded(place)] += 1
        number = f"-{used[folded(place)] + 1}"
        numbered = f"{head}{slash}{_cut(last, longest - len(number))}{number}"
        if folded(numbered) not in taken:
            taken.add(folded(numbered))
            return numbered
