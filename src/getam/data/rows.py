"""This module reads the rows of a CSV file that lists photos and their classes.

The classes of a photo stand in one column ``labels``, or every class has a column of its own.
"""

import csv
import io
from collections.abc import Mapping
from pathlib import Path

from getam.data.spelling import composed
from getam.data.tags import NOTHING_KNOWN, Tags

RESERVED = ("image", "labels", "split")
"""Names of the columns that do not stand for a class."""


def read_rows(path: Path) -> list[dict[str, str]]:
    """Read the rows of a CSV file as dictionaries of column name to cell.

    The first row names the columns. One of them must be ``image``.

    Raises
    ------
    ValueError
        If the first row does not name the columns, if a row has another length than the first, or
        if the text is not UTF-8.
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
    """Return the tags of one row, from the column ``labels`` or from the columns of the classes.

    Raises
    ------
    ValueError
        If the column of a class holds anything but 0, 1 or nothing.
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
