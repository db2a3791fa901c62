"""This module matches the entries of a label file with the photos of a data set."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from posixpath import normpath

from getam.data.finding import Finding, Notice
from getam.data.listing import aliases
from getam.data.notice import unknown
from getam.data.once import check_once
from getam.data.spelling import composed
from getam.data.tags import Labels, named_classes

LOST = "add the photos, correct the names, or remove the entries"
BARE = "add an entry for each (an empty one if it shows no class), or go on without them"


def check_names(table: Labels, classes: Iterable[str], origin: Path) -> None:
    """Raise an error if a label file names an unknown class.

    Raises
    ------
    ValueError
        If a class is unknown. The message names it and the nearest known one.
    """
    known = list(classes)
    strange = [name for name in named_classes(table) if name not in known]
    if strange:
        raise unknown("class", strange, known, origin)


def labels_for(
    table: Labels,
    photos: Mapping[str, Path],
    ids: Iterable[str],
    *,
    root: Path,
    origin: Path,
    notice: Notice,
) -> Labels:
    """Match the entries of a label file with photos.

    Parameters
    ----------
    table
        The entries, as `read_labels` returns them.
    photos
        Every photo of the data set by its id, also those outside the split.
    ids
        The ids of the photos that should have labels.
    root
        The folder that names in the file may be relative to.
    origin
        The label file, for messages.
    notice
        What is told of photos and labels that do not match.

    Returns
    -------
    dict
        The `Tags` of the photos that the file names, by their ids.

    Raises
    ------
    ValueError
        If no entry names a photo, or if ``notice`` does not go on.
    """
    names = aliases(photos, root)
    photo_of = {key: names.get(composed(normpath(key))) for key in table}
    check_once(
        ((key, photos[name]) for key, name in photo_of.items() if name), origin, notice=notice
    )
    found = {name: table[key] for key, name in photo_of.items() if name}
    if not found:
        raise ValueError(
            f"none of the {len(table)} entries of {origin} names a photo in {root}; "
            f"the first entry is {next(iter(table), '')!r}, the first photo {next(iter(photos))!r}"
        )
    lost = [key for key, name in photo_of.items() if not name]
    if lost:
        message = f"{len(lost)} entries of {origin} have no photo in {root}"
        notice(Finding("warning", "labels without a photo", message, LOST, tuple(lost)))
    bare = [name for name in ids if name not in found]
    if bare:
        message = f"{len(bare)} photos have no entry in {origin}"
        notice(Finding("warning", "photos without labels", message, BARE, tuple(bare)))
    return found
