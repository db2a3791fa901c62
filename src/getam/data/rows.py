"""The rows of a CSV of photos: their names in one column, or one column per class."""

import csv
import io
from collections.abc import Mapping
from pathlib import Path

from getam.data.spelling import composed
from getam.data.tags import NOTHING_KNOWN, Tags

RESERVED = ("image", "labels", "split")
"""Columns of a table that are not one-hot classes."""


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
