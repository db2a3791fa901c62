"""A run records the photos that it is trained on and their tags, and goes on with no others."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from getam.data import Source
from getam.files import sync, whole_file, write_text
from getam.json_object import json_object

TRAIN_PHOTOS = "train_photos.json"
LEFT_OUT = "left_out.json"

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


def write_left_out(folder: Path, sources: Iterable[Source | None]) -> None:
    """Write ``left_out.json``: the photos of a run that cannot be read, each with its reason.

    Nothing is written if all of them can be read.
    """
    faults = [source.left_out or {} for source in sources if source is not None]
    named = {str(photo): reason for found in faults for photo, reason in found.items()}
    if named:
        write_text(folder / LEFT_OUT, json.dumps(named, indent=2) + "\n")


def left_out_of(folder: Path) -> Mapping[str, str]:
    """Return the photos that could not be read when a run began, each with its reason."""
    file = folder / LEFT_OUT
    if not file.is_file():
        return {}
    return json_object(file.read_text(encoding="utf-8", errors="replace"), origin=file)


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
    left_out = left_out_of(folder)
    mended = [record.id for record in source.records if str(record.image) in left_out]
    if mended:
        raise ValueError(
            f"data: {len(mended)} photos, {mended[0]} among them, could not be read when the run "
            f"in {folder} began, and can be read now: take them away to go on, or begin a new run "
            "with another --out"
        )
    if other:
        raise ValueError(
            f"data: {len(other)} photos or their tags, {other[0]} among them, differ between "
            f"{source.name} and the run in {folder}: restore them, say with --data where they are "
            "now, or begin a new run with another --out"
        )
