"""This module opens a table of photos, a CSV file that gives the labels of each photo."""

import logging
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from getam.data.class_names import check_class_names
from getam.data.disk import Disk
from getam.data.finding import Notice, missing_photos
from getam.data.listing import name_photos
from getam.data.notice import first_few, unknown
from getam.data.once import check_once
from getam.data.rows import RESERVED, read_rows, tags_in_row
from getam.data.source import Record, Source
from getam.elsewhere import named_in
from getam.places import SUFFIXES

logger = logging.getLogger(__name__)

MANY = 100_000
"""A longer table takes so long to open that a line says what goes on."""

_ENDINGS = sorted(SUFFIXES)


def open_table(path: Path, *, split: str | None, labels: Path | None, notice: Notice) -> Source:
    """Open a table of photos.

    The classes are the columns beside ``image`` and ``split``, in their order. If the table has a
    column ``labels``, they are the names in it, sorted. They are those of the whole table, also
    if a split is chosen.

    Parameters
    ----------
    path
        The CSV file. The column ``image`` holds paths relative to it.
    split
        The value that the column ``split`` must have in the rows to take. None takes all rows.
    labels
        Must be None: a table carries its own labels.
    notice
        What is told of photos that are missing or named twice.

    Raises
    ------
    ValueError
        If the table is malformed, if the split is unknown, if a photo is named twice, or if a class
        is called background.
    FileNotFoundError
        If all photos are missing.
    """
    if labels is not None:
        raise ValueError(
            f"{path} carries its own labels: leave out the label file {labels} (--labels)"
        )
    rows = read_rows(path)
    classes = _classes(rows, path)
    chosen = _of_split(rows, split, path)
    if len(rows) > MANY:
        logger.info("looking for the photos of the %d rows of %s", len(rows), path)
    names = [row["image"] for row in rows]
    found = _find(names, path.parent)
    missing = [row["image"] for row in chosen if row["image"] not in found]
    if len(missing) == len(chosen):
        raise FileNotFoundError(f"none of the photos of {path} is there: {first_few(missing)}")
    if missing:
        notice(missing_photos(missing, path))
    photos = _photos(chosen, found, path, notice)
    # The ids come from the whole table, so that they do not depend on the split.
    everything = name_photos(dict.fromkeys(found.get(n) or named_in(path.parent, n) for n in names))
    tags = {n: tags_in_row(photos[p], path) for n, p in everything.items() if p in photos}
    records = tuple(
        Record(name, everything[name], labels, unknown) for name, (labels, unknown) in tags.items()
    )
    return Source(records, classes, name=str(path) + (f" ({split})" if split else ""))


def _classes(rows: list[dict[str, str]], path: Path) -> dict[str, int]:
    if not rows:
        raise ValueError(f"the table {path} has no rows")
    if "labels" in rows[0]:
        names = sorted({name for row in rows for name in tags_in_row(row, path).labels or ()})
    else:
        names = [name for name in rows[0] if name not in RESERVED]
    check_class_names(names, path)
    return {name: value for value, name in enumerate(names, start=1)}


def _of_split(rows: list[dict[str, str]], split: str | None, path: Path) -> list[dict[str, str]]:
    if split is None:
        return rows
    chosen = [row for row in rows if row.get("split") == split]
    if not chosen:
        splits = sorted({row["split"] for row in rows if "split" in row})
        if not splits:
            raise ValueError(
                f"the table {path} has no column split, so it has no part {split!r}: add one that "
                "names the part of every photo, such as train or val"
            )
        raise unknown("split", [split], splits, path)
    return chosen


def _find(names: Iterable[str], folder: Path) -> dict[str, Path]:
    """Return the photos that are there, by their names in the table."""
    disk = Disk()
    found: dict[str, Path] = {}
    for name in names:
        has_ending = f".{name.rpartition('.')[2].lower()}" in SUFFIXES
        # A million Paths take minutes.
        path = (
            str(named_in(folder, name)) if "://" in name else os.path.join(folder, name)  # noqa: PTH118
        )
        photo = disk.find(path) if has_ending else disk.find(path, _ENDINGS)
        if photo is not None:
            found[name] = photo
    return found


def _photos(
    rows: Iterable[dict[str, str]], found: Mapping[str, Path], path: Path, notice: Notice
) -> dict[Path, dict[str, str]]:
    """Return the row of every photo that is there."""
    listed = [(found[row["image"]], row) for row in rows if row["image"] in found]
    check_once(((row["image"], photo) for photo, row in listed), path, notice=notice)
    return dict(listed)
