"""Label files: photo id to class names, from CSV, JSON or the pickled cls_labels.npy."""

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from getam.data.listing import aliases
from getam.data.notice import first_few, unknown, warn_or_stop
from getam.data.safe_npy import read_pickled_dict
from getam.data.voc_classes import VOC_CLASSES
from getam.places import without_suffix

Labels = dict[str, tuple[str, ...]]
"""Photo id to the names of the classes in the photo."""

RESERVED = ("image", "labels", "split")
"""Columns of a table that are not one-hot classes."""


def read_labels(path: str | Path, *, classes: Sequence[str] | None = None) -> Labels:
    """Read a label file.

    Parameters
    ----------
    path
        ``.csv`` with the columns ``image,labels`` (``cat;dog``) or ``image`` and one 0/1 column per
        class; ``.json`` with an object of id to names; ``.npy`` with the pickled dictionary of id
        to 0/1 vector (read without executing anything).
    classes
        Names of the vector's entries in an ``.npy``; the 20 of PASCAL VOC by default.

    Returns
    -------
    dict
        Id (the photo's name as the file writes it, without ending) to class names.

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
    return labels


def read_rows(path: Path) -> list[dict[str, str]]:
    """Read the rows of a CSV whose first row names the columns, ``image`` among them.

    Raises
    ------
    ValueError
        If there is no such first row, a row has another length, or the text is not UTF-8.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            header, *lines = [line for line in csv.reader(file) if any(line)] or [[]]
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
    return [dict(zip(names, (cell.strip() for cell in line), strict=True)) for line in lines]


def labels_in_row(row: Mapping[str, str], path: Path) -> tuple[str, ...]:
    """Read the class names of one row of `read_rows`, from ``labels`` or one-hot columns.

    Raises
    ------
    ValueError
        If a one-hot cell is not 0 or 1.
    """
    if "labels" in row:
        names = (name.strip() for name in row["labels"].split(";"))
        return tuple(dict.fromkeys(name for name in names if name))
    cells = {name: cell for name, cell in row.items() if name not in RESERVED}
    return tuple(name for name, cell in cells.items() if _flag(cell, f"{row['image']} in {path}"))


def check_names(table: Labels, classes: Iterable[str], origin: Path) -> None:
    """See that a label file names nothing but known classes.

    Raises
    ------
    ValueError
        Naming those that are not known, and the nearest.
    """
    known = list(classes)
    strange = sorted({name for names in table.values() for name in names} - set(known))
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
        Raise where else a warning would do.

    Returns
    -------
    dict
        Id to class names, for the photos that the file names.

    Raises
    ------
    ValueError
        If nothing matches; with ``strict`` also if an entry has no photo or a photo no entry.
    """
    names = aliases(photos, root)
    found = {names[key]: value for key, value in table.items() if key in names}
    if not found:
        raise ValueError(
            f"none of the {len(table)} entries of {origin} names a photo in {root}; "
            f"the first entry is {next(iter(table), '')!r}, the first photo {next(iter(photos))!r}"
        )
    lost = [key for key in table if key not in names]
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
        labels[name] = labels_in_row(row, path)
    return labels


def _flag(cell: str, where: str) -> bool:
    if cell in {"1", "1.0"}:
        return True
    if cell in {"0", "0.0", ""}:
        return False
    raise ValueError(f"a class column must hold 0 or 1, got {cell!r} for {where}")


def _read_json(path: Path) -> Labels:
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"cannot read the label file {path}: {error}") from error
    if not isinstance(table, dict):
        raise ValueError(f"{path} must hold an object of id to names, got {type(table).__name__}")
    return {without_suffix(key): _names(value, key, path) for key, value in table.items()}


def _names(value: object, key: str, path: Path) -> tuple[str, ...]:
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ValueError(f"the labels of {key} in {path} must be a list of names, got {value!r}")
    return tuple(dict.fromkeys(names))


def _read_npy(path: Path, classes: Sequence[str]) -> Labels:
    table = read_pickled_dict(path)
    labels: Labels = {}
    for key, vector in table.items():
        if len(vector) != len(classes) or any(value not in (0, 1) for value in vector):
            raise ValueError(
                f"the labels of {key} in {path} must be {len(classes)} values of 0 or 1, "
                f"got {len(vector)}: {vector[:5]}"
            )
        labels[without_suffix(key)] = tuple(
            name for name, value in zip(classes, vector, strict=True) if value
        )
    return labels
