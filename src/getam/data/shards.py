"""This module opens WebDataset shards: tar files that hold photos and their tags side by side.

The files of a photo share everything before the first dot of their names: ``cat/1.jpg`` is the
photo, and its tags stand in ``cat/1.cls`` (one name or number), ``cat/1.txt`` (names, separated by
semicolons) or ``cat/1.json`` (an object with a list ``labels``). Other files are passed over.
"""

import json
import math
import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import IO

from getam.data.class_names import check_class_names
from getam.data.listing import name_photos
from getam.data.source import Record, Source
from getam.data.spelling import composed
from getam.data.tags import NOTHING_KNOWN, Labels, Tags, named_classes
from getam.data.tar_member import TAR, Extent, Member, members, read_extent
from getam.elsewhere import Fetched
from getam.places import SUFFIXES

LONGEST_TAGS = 2**20
"""So many bytes the tags of a photo may have."""

MOST_SHARDS = 1_000_000
"""So many shards a pattern may stand for."""

_RANGE = re.compile(r"\{([0-9]+)\.\.([0-9]+)\}")


def shards_at(path: Path) -> list[Path]:
    """Return the shards that a path stands for; none if it stands for something else.

    Parameters
    ----------
    path
        A ``.tar`` file, a pattern such as ``shards/{000..007}.tar``, or a folder that holds tar
        files and neither photos nor folders.
    """
    if isinstance(path, Fetched):
        return []
    if path.suffix.lower() == TAR and (path.is_file() or _RANGE.search(path.name)):
        return [path.with_name(name) for name in _expanded(path.name)]
    if not path.is_dir():
        return []
    tars = []
    for entry in path.iterdir():
        if entry.is_dir() or entry.suffix.lower() in SUFFIXES:
            return []
        if entry.suffix.lower() == TAR and not entry.name.startswith("."):
            tars.append(entry)
    return sorted(tars)


def open_shards(shards: list[Path], path: Path, *, tagged: bool = True) -> Source:
    """Open shards. Their headers and tags are read, and no photos.

    Parameters
    ----------
    shards
        The files, as :func:`shards_at` returns them.
    path
        The path that the user named.
    tagged
        Whether to read the tags.

    Returns
    -------
    Source
        The photos, in the order of the shards and of the files in each. The classes are the names
        in the tags, sorted.

    Raises
    ------
    FileNotFoundError
        If a shard is missing, or if there is no photo in them.
    ValueError
        If a shard is no plain tar, if tags are malformed, or if a photo has two files.
    """
    tags: dict[Path, Tags] = {}
    for shard in shards:
        tags |= _photos_in(shard, tagged=tagged)
    if not tags:
        raise FileNotFoundError(f"there is no photo in the shards {path}")
    root = shards[0] if len(shards) == 1 else shards[0].parent
    photos = name_photos(tags, root)
    table: Labels = {name: tags[photo] for name, photo in photos.items()}
    classes = named_classes(table)
    check_class_names(classes, path)
    records = tuple(Record(name, photo, tags[photo].labels) for name, photo in photos.items())
    return Source(records, {n: i for i, n in enumerate(classes, start=1)}, name=str(path))


def _expanded(name: str) -> list[str]:
    """Return the names that a pattern stands for.

    Examples
    --------
    >>> _expanded("a-{08..10}.tar")
    ['a-08.tar', 'a-09.tar', 'a-10.tar']
    """
    first, *rest = _RANGE.split(name)[::3]
    found = _RANGE.findall(name)
    count = math.prod(max(0, int(high) - int(low) + 1) for low, high in found)
    if not 1 <= count <= MOST_SHARDS:
        raise ValueError(
            f"the pattern {name} stands for {count:,} shards: give 1 to {MOST_SHARDS:,}"
        )
    ranges = [
        [str(n).zfill(len(low)) for n in range(int(low), int(high) + 1)] for low, high in found
    ]
    return [
        first + "".join(n + text for n, text in zip(numbers, rest, strict=True))
        for numbers in product(*ranges)
    ]


def _photos_in(shard: Path, *, tagged: bool) -> dict[Path, Tags]:
    """Return the photos of a shard with their tags."""
    photos: dict[str, str] = {}
    notes: dict[str, dict[str, Extent]] = {}
    for name, extent in members(shard).items():
        key, ending = _split(name)
        if f".{ending}" in SUFFIXES:
            if key in photos:
                raise ValueError(f"{shard} holds two photos of one name: {photos[key]} and {name}")
            photos[key] = name
        elif ending in _READERS:
            notes.setdefault(key, {})[ending] = extent
    tags: dict[str, Tags] = {}
    with shard.open("rb") as file:
        for key in notes.keys() & photos.keys() if tagged else ():
            ending = next(ending for ending in _READERS if ending in notes[key])
            tags[key] = _read_tags(file, notes[key][ending], ending, f"{shard}/{key}")
    return {Member(shard, name): tags.get(key, NOTHING_KNOWN) for key, name in photos.items()}


def _split(name: str) -> tuple[str, str]:
    """Split a name at the first dot behind the folders."""
    folder, slash, file = name.rpartition("/")
    stem, _, ending = file.partition(".")
    return f"{folder}{slash}{stem}", ending.lower()


def _read_tags(file: IO[bytes], extent: Extent, ending: str, key: str) -> Tags:
    try:
        if extent.size > LONGEST_TAGS:
            raise ValueError(f"they have more than {LONGEST_TAGS:,} bytes")
        names = _READERS[ending](read_extent(file, extent).decode("utf-8-sig"))
        return Tags(tuple(dict.fromkeys(composed(name) for name in names if name)))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"cannot read the tags {key}.{ending}: {error}") from None


def _names_in_json(text: str) -> Iterator[str]:
    content = json.loads(text)
    names = content.get("labels") if isinstance(content, dict) else None
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ValueError('they must be an object such as {"labels": ["cat", "dog"]}')
    yield from names


def _names_in_text(text: str) -> Iterator[str]:
    yield from (name.strip() for name in text.split(";"))


_READERS = {"cls": _names_in_text, "json": _names_in_json, "txt": _names_in_text}
"""How tags are read, by the ending of their file. The first that a photo has counts."""
