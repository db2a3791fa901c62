"""Label files: what is known about each photo, from CSV, JSON or the pickled cls_labels.npy."""

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from posixpath import normpath
from typing import NamedTuple

from getam.data.class_names import check_class_names
from getam.data.listing import aliases, without_suffix
from getam.data.notice import first_few, unknown, warn_or_stop
from getam.data.once import check_once
from getam.data.safe_npy import read_pickled_dict
from getam.data.spelling import composed
from getam.data.voc_classes import VOC_CLASSES


class Tags(NamedTuple):
    """What is known about the classes of one photo."""

    labels: tuple[str, ...] | None
    """The classes that it shows; empty if it shows none, None if nothing is known."""
    unknown: tuple[str, ...] = ()
    """The classes of which it is not known whether it shows them."""


NOTHING_KNOWN = Tags(None)

Labels = dict[str, Tags]
"""Photo id to what is known about the photo."""

RESERVED = ("image", "labels", "split")
"""Columns of a table that are not one-hot classes."""


def read_labels(path: str | Path, *, classes: Sequence[str] | None = None) -> Labels:
    """Read a label file.

    Parameters
    ----------
    path
        ``.csv`` with the columns ``image,labels`` (``cat;dog``) or ``image`` and one column per
        class (1 yes, 0 no, empty unknown); ``.json`` with an object of id to names; ``.npy`` with
        the pickled dictionary of id to 0/1 vector (read without executing anything). No name, or
        all zeros, says that the photo shows none of the classes.
    classes
        Names of the vector's entries in an ``.npy``; the 20 of PASCAL VOC by default.

    Returns
    -------
    dict
        Id (the photo's name as the file writes it, without ending) to `Tags`.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is of another kind, malformed or empty.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"there is no label file {path}")
    if path.suffix.lower() == ".npy":
        labels = _read_npy(path, VOC_CLASSES if classes is None else classes)
    elif path.suffix.lower() == ".json":
        labels = _read_json(path)
    elif path.suffix.lower() == ".csv":
        labels = _by_image(path, read_rows(path))
    else:
        raise ValueError(f"a label file must end in .csv, .json or .npy, got {path}")
    if not labels:
        raise ValueError(f"the label file {path} is empty")
    check_class_names(named_classes(labels), path)
    return labels


def named_classes(table: Labels) -> list[str]:
    """Return the names of all classes that a label file speaks of, sorted."""
    return sorted({n for tags in table.values() for n in (*(tags.labels or ()), *tags.unknown)})


def read_rows(path: Path) -> list[dict[str, str]]:
    """Read the rows of a CSV whose first row names the columns, ``image`` among them.

    Raises
    ------
    ValueError
        If there is no such first row, a row has another length, or the text is not UTF-8.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            text = io.StringIO(composed(file.read()), newline="")
        header, *lines = [line for line in csv.reader(text) if any(line)] or [[]]
    except (UnicodeDecodeError, csv.Error) as error:
        raise ValueError(f"cannot read the table {path}: {error}") from error
    names = [name.strip() for name in header]
    if "image" not in names or len(set(names)) < len(names) or len(names) < 2:
        raise ValueError(
            f"the first row of {path} must name the columns image,labels or image and one per "
            f"class, got {','.join(names)!r}"
        )
    for number, line in enumerate(lines, start=2):
        if len(line) != len(names):
            raise ValueError(f"row {number} of {path} must have {len(names)} cells: {line}")
    return [dict(zip(names, map(str.strip, line), strict=True)) for line in lines]


def tags_in_row(row: Mapping[str, str], path: Path) -> Tags:
    """Read one row of `read_rows`: its names in ``labels``, or its one-hot columns.

    Raises
    ------
    ValueError
        If a one-hot cell is not 0, 1 or empty.
    """
    if "labels" in row:
        names = (name.strip() for name in row["labels"].split(";"))
        return Tags(tuple(dict.fromkeys(name for name in names if name)))
    where = f"{row['image']} in {path}"
    cells = {n: _flag(cell, where) for n, cell in row.items() if n not in RESERVED}
    unknown = tuple(name for name, shown in cells.items() if shown is None)
    if len(unknown) == len(cells):
        return NOTHING_KNOWN
    return Tags(tuple(name for name, shown in cells.items() if shown), unknown)


def check_names(table: Labels, classes: Iterable[str], origin: Path) -> None:
    """See that a label file names nothing but known classes.

    Raises
    ------
    ValueError
        Naming those that are not known, and the nearest.
    """
    known = list(classes)
    strange = [name for name in named_classes(table) if name not in known]
    if strange:
        raise unknown("class", strange, known, origin)


def labels_for(
    table: Labels,
    photos: Mapping[str, Path],
    ids: Iterable[str],
    *,
    root: Path,
    origin: Path,
    strict: bool,
) -> Labels:
    """Match a label file with photos.

    Parameters
    ----------
    table
        What `read_labels` returned.
    photos
        Every photo of the data set, whichever the split.
    ids
        The photos wanted; only these must have labels.
    root
        The folder that names in the file may be relative to.
    origin
        The file, for messages.
    strict
        Raise an error where a warning would be given otherwise.

    Returns
    -------
    dict
        Id to `Tags`, for the photos that the file names.

    Raises
    ------
    ValueError
        If nothing matches, or two entries name one photo; with ``strict`` also if an entry has no
        photo or a photo no entry.
    """
    names = {composed(alias): name for alias, name in aliases(photos, root).items()}
    photo_of = {key: names.get(composed(normpath(key))) for key in table}
    check_once(((key, photos[name]) for key, name in photo_of.items() if name), origin)
    found = {name: table[key] for key, name in photo_of.items() if name}
    if not found:
        raise ValueError(
            f"none of the {len(table)} entries of {origin} names a photo in {root}; "
            f"the first entry is {next(iter(table), '')!r}, the first photo {next(iter(photos))!r}"
        )
    lost = [key for key, name in photo_of.items() if not name]
    if lost:
        warn_or_stop(
            f"{len(lost)} entries of {origin} have no photo in {root}: {first_few(lost)}",
            strict=strict,
        )
    bare = [name for name in ids if name not in found]
    if bare:
        warn_or_stop(
            f"{len(bare)} photos have no entry in {origin}: {first_few(bare)}", strict=strict
        )
    return found


def _by_image(path: Path, rows: Iterable[Mapping[str, str]]) -> Labels:
    labels: Labels = {}
    for row in rows:
        name = without_suffix(row["image"])
        if name in labels:
            raise ValueError(f"{path} names the photo {name} twice")
        labels[name] = tags_in_row(row, path)
    return labels


def _flag(cell: str, where: str) -> bool | None:
    if cell == "":
        return None
    if cell in {"1", "1.0"}:
        return True
    if cell in {"0", "0.0"}:
        return False
    raise ValueError(
        f"a class column must hold 0 or 1, got {cell!r} for {where}; leave unknown cells empty"
    )


def _read_json(path: Path) -> Labels:
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"cannot read the label file {path}: {error}") from error
    if not isinstance(table, dict):
        raise ValueError(f"{path} must hold an object of id to names, got {type(table).__name__}")
    return {without_suffix(key): _names(value, key, path) for key, value in table.items()}


def _names(value: object, key: str, path: Path) -> Tags:
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ValueError(f"the labels of {key} in {path} must be a list of names, got {value!r}")
    return Tags(tuple(dict.fromkeys(map(composed, names))))


def _read_npy(path: Path, classes: Sequence[str]) -> Labels:
    table = read_pickled_dict(path)
    labels: Labels = {}
    for key, vector in table.items():
        if len(vector) != len(classes) or any(value not in (0, 1) for value in vector):
            raise ValueError(
                f"the labels of {key} in {path} must be {len(classes)} values of 0 or 1, "
                f"got {len(vector)}: {vector[:5]}"
            )
        shown = tuple(name for name, value in zip(classes, vector, strict=True) if value)
        labels[without_suffix(key)] = Tags(shown)
    return labels
