"""Files that belong to photos (saliency maps, masks), matched by name."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from getam.data.listing import path_below
from getam.data.source import Record
from getam.data.spelling import composed


def files_beside(
    records: Sequence[Record], files: Iterable[Path], folder: Path, *, what: str
) -> dict[str, Path]:
    """Match every photo with its file in a folder.

    A file is matched by its path below the folder if a photo's path ends in the same way, and
    otherwise by the id of a photo or its stem; endings never count.

    Parameters
    ----------
    records
        The photos.
    files
        The files.
    folder
        The folder that they lie in.
    what
        What a file is, such as ``"saliency map"``, for messages.

    Returns
    -------
    dict
        Id of a photo to its file; photos without one are left out.

    Raises
    ------
    ValueError
        If two files have one name but for the ending, or one file would serve two photos.
    """
    named = _by_name(files, folder, what)
    depths = sorted({name.count("/") + 1 for name in named}, reverse=True)
    found: dict[str, Path] = {}
    photo_of: dict[Path, Path] = {}
    for record in records:
        file = next((named[n] for n in _names_of(record, depths) if n in named), None)
        if file is None:
            continue
        if file in photo_of:
            raise ValueError(
                f"the {what} {file} would serve two photos, {photo_of[file]} and {record.image}: "
                f"put one file for each into {folder}, in sub-folders like those of the photos"
            )
        found[record.id], photo_of[file] = file, record.image
    return found


def _by_name(files: Iterable[Path], folder: Path, what: str) -> dict[str, Path]:
    named: dict[str, Path] = {}
    for file in files:
        name = composed(path_below(file, folder))
        if name in named:
            raise ValueError(f"{named[name]} and {file} are both the {what} {name}; remove one")
        named[name] = file
    return named


def _names_of(record: Record, depths: list[int]) -> list[str]:
    """Return the names that a photo's file may have, the most exact one first."""
    parts = record.image.with_suffix("").parts
    endings = ["/".join(parts[-depth:]) for depth in depths if depth > 1]
    return [composed(name) for name in (*endings, record.id, parts[-1])]
