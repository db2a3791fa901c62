"""This module finds the true masks of any source in a folder; only scoring reads them."""

import logging
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

from getam.data.beside import files_beside
from getam.data.class_list import read_class_list
from getam.data.listing import visible_files
from getam.data.mask import MaskFiles
from getam.data.notice import unknown
from getam.data.source import Record, Source
from getam.elsewhere import located
from getam.vocabulary import IGNORE

logger = logging.getLogger(__name__)


def with_truth(source: Source, folder: str | Path, *, values: Mapping[str, int]) -> Source:
    """Return a source whose records know their masks in a folder, instead of any masks before.

    Parameters
    ----------
    source
        Any source.
    folder
        The folder of palette or grey PNG files. `files_beside` says how the names match. Photos may
        lack a mask, and one line counts them. A ``classes.txt`` in the folder gives the values of
        the classes; see `read_class_list`.
    values
        The value of each class by its name. It is used if the folder has no ``classes.txt``.

    Returns
    -------
    Source
        The same photos and classes, with masks to score with.

    Raises
    ------
    FileNotFoundError
        If there is no such folder.
    ValueError
        If a class is not in ``classes.txt`` or has the value 255, or one mask would serve two
        photos.
    """
    folder = located(folder)
    if not folder.is_dir():
        raise FileNotFoundError(f"there is no folder {folder} with masks to score with")
    listed = folder / "classes.txt"
    named = read_class_list(listed) if listed.is_file() else values
    strange = [name for name in source.classes if name not in named]
    if strange:
        raise unknown("class", strange, list(named), listed)
    source = replace(source, classes={name: named[name] for name in source.classes})
    source = with_masks(source, folder, values=named)
    refuse_ignored_class(source)
    count = sum(record.mask is not None for record in source.records)
    if count < len(source):
        logger.log(
            logging.INFO if count else logging.WARNING,  # no error: other parts may have masks
            "%d of %d photos of %s have a mask in %s; the others are not scored",
            count,
            len(source),
            source.name,
            folder,
        )
    return source


def with_masks(source: Source, folder: Path, *, values: Mapping[str, int] | None = None) -> Source:
    """Match the photos of a source with the masks in a folder and the folders below it.

    Parameters
    ----------
    source
        Any source.
    folder
        The folder of PNG files. `files_beside` says how the names match.
    values
        The value of each class that the masks may show, by its name. None takes the classes of the
        source.

    Raises
    ------
    ValueError
        If one mask would serve two photos.
    """
    files = visible_files(folder, {".png"})
    masks = files_beside(source.records, files, folder, what="mask")
    records = tuple(replace(record, mask=masks.get(record.id)) for record in source.records)
    reader = MaskFiles(frozenset((source.classes if values is None else values).values()))
    return replace(source, records=records, masks=reader if files else None)


def check_truth(source: Source) -> None:
    """Check every mask that is to be scored, before a long run begins.

    Parameters
    ----------
    source
        The source. Records without a mask are skipped.

    Raises
    ------
    ValueError
        If a mask cannot be read, if it has another size than its photo, if it holds a value that is
        neither 0, a class nor 255, or if a class has the value 255. One line names the first bad
        file.
    """
    refuse_ignored_class(source)
    faults = truth_faults(source)
    if faults:
        count = sum(record.mask is not None for record in source.records)
        raise ValueError(
            f"{len(faults)} of {count} masks of {source.name} cannot be scored; "
            f"the first: {faults[0]}"
        )


def refuse_ignored_class(source: Source) -> None:
    """Raise a ValueError if a class has the value 255 in masks, which no score could tell apart."""
    ignored = [name for name, value in source.classes.items() if value == IGNORE]
    if ignored and source.has_truth:
        raise ValueError(
            f"the class {ignored[0]!r} of {source.name} has the value {IGNORE} in masks, which "
            "means ignored: choose other classes (--classes NAMES), or give it another value"
        )


def truth_faults(source: Source) -> list[str]:
    """Read every mask of a source and return what is wrong with those that cannot be scored."""
    records = [record for record in source.records if record.mask is not None]
    # The first mask is read before the threads start, because COCO then loads its whole file.
    faults = [_fault(source, record) for record in records[:1]]
    with ThreadPoolExecutor() as pool:
        faults += pool.map(partial(_fault, source), records[1:])
    return [fault for fault in faults if fault]


def _fault(source: Source, record: Record) -> str:
    """Return what is wrong with the mask of a record, "" if it is sound."""
    try:
        source.read_truth(record)
    except (OSError, ValueError) as error:
        return str(error)
    return ""
