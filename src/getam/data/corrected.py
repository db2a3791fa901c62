"""This module finds corrected masks in a folder, which training learns from.

A person has looked at every pixel of such a mask, so it replaces the pseudo label of its photo, and
the tags of the photo follow it.
"""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from getam.data.beside import files_beside
from getam.data.class_list import read_class_list
from getam.data.label_map import read_label_map
from getam.data.listing import visible_files
from getam.data.mask import MaskFiles, numbered
from getam.data.notice import first_few, unknown
from getam.data.source import IN_NO_MASK, Record, Source
from getam.vocabulary import IGNORE

logger = logging.getLogger(__name__)

MASKS = "SegmentationClass"
"""Name of the folder that holds the masks in the layout of PASCAL VOC, which CVAT writes."""


def with_corrected(source: Source, folder: str | Path, *, values: Mapping[str, int]) -> Source:
    """Return a source whose records know their corrected masks. Every mask is read and checked.

    The classes that a mask shows become the tags of its photo. A tag that the mask does not show is
    taken away. It becomes unknown, however, if pixels are ignored (255), as they may show it. One
    line counts the corrected photos, and another one those whose tags change.

    Parameters
    ----------
    source
        Any source.
    folder
        The folder of palette or grey PNG files, or one in the layout of PASCAL VOC, whose masks lie
        in ``SegmentationClass``. `files_beside` says how the names match.
        A ``labelmap.txt`` in the folder gives the colours of the classes (`read_label_map`), or a
        ``classes.txt`` their values (`read_class_list`).
    values
        The value of each class by its name. It is used if the folder has neither file.

    Raises
    ------
    FileNotFoundError
        If there is no such folder, or no mask in it.
    ValueError
        If a class is not in ``labelmap.txt`` or ``classes.txt``, or if a mask belongs to no photo
        or to two, cannot be read, has another size than its photo, or holds another value than 0,
        255 and those of classes. One line names the first bad file.
    """
    folder = Path(folder)
    masks = folder / MASKS if (folder / MASKS).is_dir() else folder
    files = visible_files(masks, {".png"})
    if not files:
        raise FileNotFoundError(f"there is no folder {masks} with corrected masks (PNG)")
    found = files_beside(source.records, files, masks, what="corrected mask")
    strays = sorted(set(files) - set(found.values()))
    if strays:
        raise ValueError(
            f"{len(strays)} of {len(files)} corrected masks in {masks} belong to no photo of "
            f"{source.name}; the first: {strays[0]}; name masks like photos, or remove them"
        )
    records = tuple(replace(record, corrected=found.get(record.id)) for record in source.records)
    reader = _reader(source.classes, folder, values)
    source = _with_tags(replace(source, records=records, corrections=reader))
    count = f"{len(files)} of {len(source)} photos of {source.name}"
    logger.info("%s are trained on their corrected masks in %s, not on tags alone", count, folder)
    return source


def refuse_also_scored(source: Source) -> None:
    """Raise an error if a photo has both a corrected mask and one to score with.

    Raises
    ------
    ValueError
        The message names the first few such photos.
    """
    both = [record.id for record in source.corrected if record.mask is not None]
    if both:
        raise ValueError(
            f"{len(both)} photos have a mask both to train on (--corrected) and to score with "
            f"(--truth): {first_few(both)}; remove one of the two"
        )


@dataclass(frozen=True)
class _CorrectedMasks:
    """This value reads corrected masks in the class numbers of training."""

    read: Callable[[Path], np.ndarray]
    values: Mapping[str, int]

    def __call__(self, path: Path, classes: Sequence[str]) -> np.ndarray:
        return numbered(self.read(path), [self.values.get(name, IN_NO_MASK) for name in classes])


def _reader(classes: Iterable[str], folder: Path, values: Mapping[str, int]) -> _CorrectedMasks:
    """Return what reads a mask as the files in its folder say, if it has every class."""
    label_map, listed = folder / "labelmap.txt", folder / "classes.txt"
    if label_map.is_file():
        colours = read_label_map(label_map)
        reader = _CorrectedMasks(colours.read, colours.classes)
    else:
        values = read_class_list(listed) if listed.is_file() else values
        reader = _CorrectedMasks(MaskFiles(frozenset(values.values())).read, values)
    strange = [name for name in classes if name not in reader.values]
    if strange:
        raise unknown("class", strange, list(reader.values), folder)
    return reader


def _classes_drawn(source: Source) -> dict[str, frozenset[int]]:
    """Read every corrected mask, and return the class numbers in it by the id of its photo."""

    def look(record: Record) -> frozenset[int] | str:
        try:
            return frozenset(np.unique(source.read_corrected(record)).tolist())
        except (OSError, ValueError) as error:
            return str(error)

    with ThreadPoolExecutor() as pool:
        seen = dict(zip(source.corrected, pool.map(look, source.corrected), strict=True))
    faults = [fault for fault in seen.values() if isinstance(fault, str)]
    if faults:
        raise ValueError(
            f"{len(faults)} of {len(seen)} corrected masks cannot be trained on; "
            f"the first: {faults[0]}"
        )
    return {record.id: drawn for record, drawn in seen.items() if not isinstance(drawn, str)}


def _with_tags(source: Source) -> Source:
    """Return the source with the tags of corrected photos as their masks show them."""
    drawn = _classes_drawn(source)
    names = list(source.classes)
    records = tuple(
        _tagged(record, drawn[record.id], names) if record.id in drawn else record
        for record in source.records
    )
    changes = [
        f"{old.id} (was {_words(old.labels)}, is {_words(new.labels)})"
        for old, new in zip(source.records, records, strict=True)
        if set(old.labels or ()) != set(new.labels or ())
    ]
    if changes:
        logger.warning(
            "the tags of %d corrected photos differ from their masks, which now count: %s",
            *(len(changes), first_few(changes)),
        )
    return replace(source, records=records)


def _tagged(record: Record, drawn: frozenset[int], names: Sequence[str]) -> Record:
    """Return a record whose tags are the classes with the numbers ``drawn``."""
    labels = tuple(name for number, name in enumerate(names, start=1) if number in drawn)
    maybe = names if record.labels is None else (*record.labels, *record.unknown)
    hidden = [name for name in names if name in maybe and name not in labels]
    unknown = tuple(hidden) if IGNORE in drawn else ()
    nothing = len(unknown) == len(names)
    return replace(record, labels=None if nothing else labels, unknown=() if nothing else unknown)


def _words(labels: Sequence[str] | None) -> str:
    return ";".join(labels or ()) or "none"
