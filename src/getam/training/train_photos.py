"""A run records the photos that it is trained on and their tags, and goes on with no others."""

import json
from pathlib import Path

from getam.data import Source
from getam.files import sync, whole_file
from getam.json_object import json_object

TRAIN_PHOTOS = "train_photos.json"

TagsOfPhoto = dict[str, list[str]]
"""The classes that a photo shows and those that it may show, by ``labels`` and ``unknown``."""


def tags_of(source: Source) -> dict[str, TagsOfPhoto]:
    """Return what is known about each photo, by its id. The order of its tags does not count."""
    return {
        record.id: {"labels": sorted(record.labels or ()), "unknown": sorted(record.unknown)}
        for record in source.records
    }


def write_train_photos(folder: Path, source: Source) -> None:
    """Write ``train_photos.json`` into a run folder, whole or not at all."""
    lines = (f"{json.dumps(name)}: {json.dumps(tags)}" for name, tags in tags_of(source).items())
    with whole_file(folder / TRAIN_PHOTOS) as temporary:
        temporary.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
        sync(temporary)


def trained_on(folder: Path) -> dict[str, TagsOfPhoto] | None:
    """Return the tags of the photos that a run was trained on, by id; None if it recorded none.

    Raises
    ------
    ValueError
        If ``train_photos.json`` is damaged.
    """
    file = folder / TRAIN_PHOTOS
    if not file.is_file():
        return None
    return json_object(file.read_text(encoding="utf-8", errors="replace"), origin=file)


def other_photos(folder: Path, source: Source) -> list[str]:
    """Return the ids of photos that were added, removed or tagged anew since a run began.

    A run that recorded no photos has none of them.

    Parameters
    ----------
    folder
        The run folder.
    source
        The photos to train on that are there now.

    Raises
    ------
    ValueError
        If ``train_photos.json`` is damaged.
    """
    began = trained_on(folder)
    if began is None:
        return []
    present = tags_of(source)
    return [name for name in {**began, **present} if began.get(name) != present.get(name)]


def check_same_photos(folder: Path, source: Source) -> None:
    """Raise an error if a run in a folder began with other photos or other tags than these.

    Raises
    ------
    ValueError
        The message counts the photos that differ and names one of them.
    """
    other = other_photos(folder, source)
    if other:
        raise ValueError(
            f"data: {len(other)} photos or their tags, {other[0]} among them, differ between "
            f"{source.name} and the run in {folder}: restore them, say with --data where they are "
            "now, or begin a new run with another --out"
        )
