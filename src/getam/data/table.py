"""This module opens a table of photos, a CSV file that gives the labels of each photo."""

from pathlib import Path

from getam.data.class_names import check_class_names
from getam.data.finding import Notice, missing_photos
from getam.data.listing import name_photos
from getam.data.notice import first_few, unknown
from getam.data.once import check_once
from getam.data.rows import RESERVED, read_rows, tags_in_row
from getam.data.source import Record, Source
from getam.data.spelling import as_on_disk
from getam.data.there import is_file
from getam.places import SUFFIXES


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
    photos = _photos(_of_split(rows, split, path), path, notice)
    missing = [row["image"] for photo, row in photos.items() if not is_file(photo)]
    if len(missing) == len(photos):
        raise FileNotFoundError(f"none of the photos of {path} is there: {first_few(missing)}")
    if missing:
        notice(missing_photos(missing, path))
    # The ids come from the whole table, so that they do not depend on the split.
    everything = name_photos(dict.fromkeys(_photo_at(path.parent, row["image"]) for row in rows))
    named = {n: photo for n, photo in everything.items() if photo in photos and is_file(photo)}
    tags = {name: tags_in_row(photos[photo], path) for name, photo in named.items()}
    records = tuple(
        Record(name, photo, tags[name].labels, tags[name].unknown) for name, photo in named.items()
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
        raise unknown("split", [split], splits, path)
    return chosen


def _photos(rows: list[dict[str, str]], path: Path, notice: Notice) -> dict[Path, dict[str, str]]:
    names = [row["image"] for row in rows]
    photos = [_photo_at(path.parent, name) for name in names]
    check_once(zip(names, photos, strict=True), path, notice=notice)
    return dict(zip(photos, rows, strict=True))


def _photo_at(folder: Path, name: str) -> Path:
    path = folder / name
    if path.suffix.lower() in SUFFIXES:
        return as_on_disk(path)
    endings = (as_on_disk(path.with_name(path.name + suffix)) for suffix in sorted(SUFFIXES))
    return next((candidate for candidate in endings if is_file(candidate)), path)
