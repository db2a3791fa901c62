"""This module defines a source: the photos of a data set and the classes that they may show."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from getam.data.mask import numbered
from getam.data.notice import first_few, unknown
from getam.data.photo import photo_size
from getam.data.spelling import composed
from getam.vocabulary import IGNORE

logger = logging.getLogger(__name__)

IN_NO_MASK = -1  # the value of a class that a source does not have


@dataclass(frozen=True)
class Record:
    """A record holds the path of one photo and what is known about the photo.

    Parameters
    ----------
    id
        The unique name of the photo in its source: its path below the root of the data set, without
        ending, as :func:`getam.places.places` makes it. Output files are named after it.
    image
        The file of the photo.
    labels
        Names of the classes in the photo. The tuple is empty if the photo shows none of them; None
        means that nothing is known about the photo.
    unknown
        Names of the classes for which it is not known whether the photo shows them.
    mask
        The file that the true mask comes from, a PNG or an instances file. None if there is none.
    saliency
        The file of the saliency map, of any size. None if there is none.
    corrected
        The file of the corrected mask, which training learns from. None if there is none.
    """

    id: str
    image: Path
    labels: tuple[str, ...] | None = None
    unknown: tuple[str, ...] = ()
    mask: Path | None = None
    saliency: Path | None = None
    corrected: Path | None = None


@dataclass(frozen=True)
class Source:
    """A source holds the records of a data set and its classes.

    Parameters
    ----------
    records
        The photos, in the order of their list.
    classes
        The value of each class in the masks of the source, by its name. The position in the
        dictionary is the number of the class in training. Background is not among them.
    masks
        The function that reads the true mask of a record, int32 [H, W] in the values of the source.
        None if the source has no masks.
    name
        The name of the source in messages.
    corrections
        The function that reads a corrected mask: from its file and the names of the classes to
        uint8 [H, W] in the class numbers of training. None if no photo has a corrected mask.
    left_out
        The photos that cannot be read, each with its reason, which are not among the records. None
        if nobody has looked yet; see `without_unreadable`.
    """

    records: tuple[Record, ...]
    classes: dict[str, int]
    masks: Callable[[Record], np.ndarray] | None = None
    name: str = "the source"
    corrections: Callable[[Path, Sequence[str]], np.ndarray] | None = None
    left_out: Mapping[Path, str] | None = None

    def __len__(self) -> int:
        """Return the number of records."""
        return len(self.records)

    @property
    def has_truth(self) -> bool:
        """Return whether at least one record has a mask to score with."""
        return any(record.mask is not None for record in self.records)

    def label_vector(self, record: Record) -> np.ndarray:
        """Return the labels of a record as float32 [C] of 0 and 1, in the order of ``classes``.

        A class has 0 also if it is not known whether the photo shows it; see `known_vector`.
        """
        shown = record.labels or ()
        return np.array([name in shown for name in self.classes], dtype=np.float32)

    def known_vector(self, record: Record) -> np.ndarray:
        """Return whether the entries of `label_vector` are known, bool [C]."""
        unknown = self.classes if record.labels is None else record.unknown
        return np.array([name not in unknown for name in self.classes], dtype=bool)

    def read_truth(self, record: Record) -> np.ndarray:
        """Read the true mask of a record, in the class numbers of training.

        Only scoring reads masks.

        Returns
        -------
        numpy.ndarray
            uint8 [H, W], the size of the photo. Background is 0, the class at index ``i`` of
            ``classes`` is ``i + 1``, and everything else (other classes, borders, crowds) is 255.

        Raises
        ------
        FileNotFoundError
            If the record has no mask.
        ValueError
            If the mask has another size than the photo, or values that stand for no class.
        """
        if self.masks is None:
            raise FileNotFoundError(f"{self.name} has no masks, so {record.id} has no truth")
        values = _of_photo_size(self.masks(record), record, record.mask)
        return numbered(values, self.classes.values())

    @property
    def corrected(self) -> tuple[Record, ...]:
        """Return the records that have a corrected mask."""
        return tuple(record for record in self.records if record.corrected is not None)

    def read_corrected(self, record: Record) -> np.ndarray:
        """Read the corrected mask of a record, in the class numbers of training.

        Returns
        -------
        numpy.ndarray
            The mask has the size and the type that `read_truth` returns.

        Raises
        ------
        FileNotFoundError
            If the record has no corrected mask.
        ValueError
            If the mask cannot be read, or has another size than the photo.
        """
        if self.corrections is None or record.corrected is None:
            raise FileNotFoundError(f"{record.id} of {self.name} has no corrected mask")
        mask = self.corrections(record.corrected, list(self.classes))
        return _of_photo_size(mask, record, record.corrected)

    def choose(self, classes: Sequence[str]) -> "Source":
        """Return the source with only some of its classes, in the given order, and all records.

        A photo that shows only other classes now shows none of the classes. If all kept classes of
        a photo are unknown, nothing is known about the photo.

        Raises
        ------
        ValueError
            If a name is unknown or is given twice.
        """
        if isinstance(classes, str) or not classes or len(set(classes)) < len(classes):
            raise ValueError(f"classes must be a list of different names, got {classes!r}")
        classes = [composed(name) for name in classes]
        missing = [name for name in classes if name not in self.classes]
        if missing:
            raise unknown("class", missing, self.classes, self.name)
        records = tuple(_narrowed(record, classes) for record in self.records)
        return replace(self, records=records, classes={n: self.classes[n] for n in classes})

    def aligned(self, classes: Sequence[str]) -> "Source":
        """Return the source with the classes of a trained network, in the order of the network.

        Classes that this source does not have are in no photo.

        Raises
        ------
        ValueError
            If the source has none of the classes.
        """
        known = [name for name in classes if name in self.classes]
        if not known:
            raise unknown("class", list(classes), self.classes, self.name)
        values = {name: self.classes.get(name, IN_NO_MASK) for name in classes}
        return replace(self.choose(known), classes=values)

    def with_truth_and_tags(self) -> "Source":
        """Return the source with only the records that have a mask and known tags.

        Raises
        ------
        ValueError
            If there is no such record.
        """
        kept = tuple(r for r in self.records if r.mask is not None and r.labels is not None)
        if not kept:
            raise ValueError(f"{self.name} has no photo with tags and a mask: name masks, --truth")
        return replace(self, records=kept)

    def with_known_labels(self) -> "Source":
        """Return the source with only the records about which something is known.

        Records that show none of the classes stay. A log line counts the records that are left out.

        Raises
        ------
        ValueError
            If nothing is known about any of them.
        """
        known = tuple(record for record in self.records if record.labels is not None)
        left_out = len(self.records) - len(known)
        if left_out and not known:
            raise ValueError(
                f"nothing is known about any photo of {self.name}: give a label file "
                "(--labels FILE)"
            )
        if left_out:
            logger.info(
                "nothing is known about %d photos of %s: they are left out", left_out, self.name
            )
        return replace(self, records=known)

    def for_training(self) -> "Source":
        """Return the source `with_known_labels`, if a network can be trained on it.

        Raises
        ------
        ValueError
            If `check_trainable` refuses the source.
        """
        self.check_trainable()
        return self.with_known_labels()

    def check_trainable(self) -> None:
        """See that the labels are enough to train on.

        Raises
        ------
        ValueError
            If a class is in no photo, if no photo has a label, or if there are more than 254
            classes.
        """
        if len(self.classes) >= IGNORE:
            raise ValueError(
                f"masks of one byte hold at most {IGNORE - 1} classes, {self.name} has "
                f"{len(self.classes)}: choose some of them (--classes NAMES)"
            )
        shown = {name for record in self.records for name in record.labels or ()}
        if not shown:
            raise ValueError(
                f"no photo of {self.name} has a label to train on: tag some photos, or give a "
                "label file (--labels FILE)"
            )
        absent = [name for name in self.classes if name not in shown]
        if absent:
            raise ValueError(
                f"{len(absent)} of the classes are in no photo of {self.name}: "
                f"{first_few(absent, 20)}; choose others (--classes NAMES)"
            )


def _of_photo_size(mask: np.ndarray, record: Record, file: Path | None) -> np.ndarray:
    """Return a mask as it is, or raise an error if it has another size than its photo."""
    if mask.shape != photo_size(record.image):
        raise ValueError(
            f"the mask of {record.id} must have the size of its photo "
            f"{photo_size(record.image)}, got {mask.shape} in {file}"
        )
    return mask


def _narrowed(record: Record, classes: Sequence[str]) -> Record:
    unknown = tuple(name for name in record.unknown if name in classes)
    if record.labels is None or len(unknown) == len(classes):
        return replace(record, labels=None, unknown=())
    labels = tuple(name for name in record.labels if name in classes)
    return replace(record, labels=labels, unknown=unknown)
