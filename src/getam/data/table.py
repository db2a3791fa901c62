"""A table of photos: a CSV with image,labels or one-hot columns, and perhaps a split column."""

from pathlib import Path

from getam.data.class_names import check_class_names
from getam.data.listing import name_photos
from getam.data.notice import first_few, unknown, warn_or_stop
from getam.data.once import check_once
from getam.data.rows import RESERVED, read_rows, tags_in_row
from getam.data.source import Record, Source
from getam.data.spelling import as_on_disk
from getam.places import SUFFIXES


def open_table(path: Path, *, split: str | None, labels: Path | None, strict: bool) -> Source:
    """Open a table.

    The classes are the one-hot columns in their order, or else the names in ``labels``, sorted,
    of the whole table whichever the split.

    Parameters
    ----------
    path
        The CSV; ``image`` is a path relative to it.
    split
        Take the rows whose column ``split`` holds this; None takes all.
    labels
        Not for a table, which carries its own.
    strict
        Stop when a photo is missing; otherwise a warning is given.

    Raises
    ------
    ValueError
        If the table is malformed, the split is not there, a photo is named twice, or a class is
        called background.
    FileNotFoundError
        If none of the photos is there.
    """
    if labels is not None:
        raise ValueError(f"{path} carries its own labels; labels={labels} cannot be used with it")
    rows = read_rows(path)
    classes = _classes(rows, path)
    photos = _photos(_of_split(rows, split, path), path)
    missing = [row["image"] for photo, row in photos.items() if not photo.is_file()]
    if len(missing) == len(photos):
        raise FileNotFoundError(f"none of the photos of {path} is there: {first_few(missing)}")
    if missing:
        message = f"{len(missing)} photos of {path} are not there: {first_few(missing)}"
        warn_or_stop(message, strict=strict)
    # Of the whole table, so that a photo has one id whichever split is open.
    everything = name_photos(dict.fromkeys(_photo_at(path.parent, row["image"]) for row in rows))
    named = {n: photo for n, photo in everything.items() if photo in photos and photo.is_file()}
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


def _photos(rows: list[dict[str, str]], path: Path) -> dict[Path, dict[str, str]]:
    names = [row["image"] for row in rows]
    photos = [_photo_at(path.parent, name) for name in names]
    check_once(zip(names, photos, strict=True), path)
    return dict(zip(photos, rows, strict=True))


def _photo_at(folder: Path, name: str) -> Path:
    path = folder / name
    if path.suffix.lower() in SUFFIXES:
        return as_on_disk(path)
    endings = (as_on_disk(path.with_name(path.name + suffix)) for suffix in sorted(SUFFIXES))
    return next((candidate for candidate in endings if candidate.is_file()), path)
