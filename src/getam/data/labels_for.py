"""The entries of a label file matched with the photos of a data set."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from posixpath import normpath

from getam.data.listing import aliases
from getam.data.notice import first_few, unknown, warn_or_stop
from getam.data.once import check_once
from getam.data.spelling import composed
from getam.data.tags import Labels, named_classes


def check_names(table: Labels, classes: Iterable[str], origin: Path) -> None:
    """See that a label file names nothing but known classes.

    Raises
    ------
    ValueError
        Naming those that are not known, and the nearest.
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
    strict: bool,
) -> Labels:
    """Match a label file with photos.

    Parameters
    ----------
    table
        What `read_labels` returned.
    photos
        Every photo of the data set, whichever the split.
    ids
        The photos wanted; only these must have labels.
    root
        The folder that names in the file may be relative to.
    origin
        The file, for messages.
    strict
        Raise an error where a warning would be given otherwise.

    Returns
    -------
    dict
        Id to `Tags`, for the photos that the file names.

    Raises
    ------
    ValueError
        If nothing matches, or two entries name one photo; with ``strict`` also if an entry has no
        photo or a photo no entry.
    """
    names = {composed(alias): name for alias, name in aliases(photos, root).items()}
    photo_of = {key: names.get(composed(normpath(key))) for key in table}
    check_once(((key, photos[name]) for key, name in photo_of.items() if name), origin)
    found = {name: table[key] for key, name in photo_of.items() if name}
    if not found:
        raise ValueError(
            f"none of the {len(table)} entries of {origin} names a photo in {root}; "
            f"the first entry is {next(iter(table), '')!r}, the first photo {next(iter(photos))!r}"
        )
    lost = [key for key, name in photo_of.items() if not name]
    if lost:
        warn_or_stop(
            f"{len(lost)} entries of {origin} have no photo in {root}: {first_few(lost)}",
            strict=strict,
        )
    bare = [name for name in ids if name not in found]
    if bare:
        warn_or_stop(
            f"{len(bare)} photos have no entry in {origin}: {first_few(bare)}", strict=strict
        )
    return found
