"""This module reads the rows of a CSV file that lists photos and their classes.

The classes of a photo stand in one column ``labels``, or every class has a column of its own.
"""

import codecs
import csv
import io
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from getam.data.notice import quoted
from getam.data.spelling import composed
from getam.data.tags import NOTHING_KNOWN, Tags

RESERVED = ("image", "labels", "split")
"""Names of the columns that do not stand for a class."""

_YES, _NO = frozenset({"1", "1.0", "true"}), frozenset({"0", "0.0", "false"})
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # the first bytes of .xlsx and of .xls
_SAVE = "save it as CSV UTF-8"


def read_rows(path: Path) -> list[dict[str, str]]:
    """Read the rows of a CSV file as dictionaries of column name to cell.

    The first row names the columns. One of them must be ``image``. Commas separate the cells, or
    the semicolons or tabs of the first row if it has no other of these signs.

    Raises
    ------
    ValueError
        If the first row does not name every column once, if a row has another length than the
        first, or if the text is not UTF-8.
    """
    text = composed(_text(path))
    separator = _separator(re.split("[\r\n]", text.lstrip(), maxsplit=1)[0])
    try:
        cells = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
        header, *lines = [line for line in cells if any(line)] or [[]]
    except csv.Error as error:
        raise ValueError(f"cannot read the table {path}: {error}") from error
    names = [name.strip() for name in header]
    if "image" not in names or len(set(filter(None, names))) < 2:
        raise ValueError(
            f"the first row of {path} must name the columns image,labels or image and one per "
            f"class, got {quoted(separator.join(names))}; separate the columns by commas"
        )
    _check_columns(names, path)
    for number, line in enumerate(lines, start=2):
        if len(line) != len(names):
            raise ValueError(
                f"row {number} of {path} must have {len(names)} cells: {quoted(line)}; a cell that "
                f'holds {separator!r} itself must stand in quotes ("...")'
            )
    return [dict(zip(names, map(str.strip, line), strict=True)) for line in lines]


def tags_in_row(row: Mapping[str, str], path: Path) -> Tags:
    """Return the tags of one row, from the column ``labels`` or from the columns of the classes.

    Raises
    ------
    ValueError
        If the column of a class holds anything but 0, 1, true, false or nothing.
    """
    if "labels" in row:
        names = (name.strip() for name in row["labels"].split(";"))
        return Tags(tuple(dict.fromkeys(name for name in names if name)))
    cells = {n: _flag(cell, n, row, path) for n, cell in row.items() if n not in RESERVED}
    unknown = tuple(name for name, shown in cells.items() if shown is None)
    if len(unknown) == len(cells):
        return NOTHING_KNOWN
    return Tags(tuple(name for name, shown in cells.items() if shown), unknown)


def _text(path: Path) -> str:
    """Return the text of a file, which must be UTF-8."""
    data = path.read_bytes()
    try:
        if data.startswith(_WORKBOOKS):
            raise ValueError("it is a workbook of Excel, not a CSV")
        if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\0" in data:
            raise ValueError("its text is UTF-16")
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        reason = f"line {line} holds a letter in another encoding than UTF-8"
        raise ValueError(f"cannot read the table {path}: {reason}; {_SAVE}") from error
    except ValueError as error:
        raise ValueError(f"cannot read the table {path}: {error}; {_SAVE}") from None


def _separator(header: str) -> str:
    """Return the sign between the columns: the only one in the header, or a comma."""
    found = [sign for sign in ",;\t" if sign in header]
    return found[0] if len(found) == 1 else ","


def _check_columns(names: Sequence[str], path: Path) -> None:
    if "" in names:
        raise ValueError(
            f"column {names.index('') + 1} of {path} has no name in the first row: name every "
            "column, or remove the column"
        )
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ValueError(f"the first row of {path} names the column {twice!r} twice")


def _flag(cell: str, column: str, row: Mapping[str, str], path: Path) -> bool | None:
    if cell == "":
        return None
    said = cell.lower()
    if said in _YES:
        return True
    if said in _NO:
        return False
    raise ValueError(
        f"the column {column!r} of a class must hold 0 or 1, got {cell!r} for {row['image']} in "
        f"{path}; leave unknown cells empty"
    )
