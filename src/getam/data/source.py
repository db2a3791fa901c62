"""What every reader returns: the records of a data set and the classes they may show."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from getam.data.notice import first_few, unknown
from getam.data.photo import photo_size
from getam.data.spelling import composed
from getam.vocabulary import BACKGROUND, IGNORE

logger = logging.getLogger(__name__)

IN_NO_MASK = -1  # the value of a class that a source does not have


@dataclass(frozen=True)
class Record:
    """One photo and what is known about it; nothing is read yet.

    Parameters
    ----------
    id
        Unique in its source: the path of the photo below the root of the data set, without ending,
        as :func:`getam.places.places` makes it. Output files are named after it.
    image
        The photo.
    labels
        Names of the classes in the photo; empty if it is known to show none of them, None if
        nothing is known about it.
    unknown
        Names of the classes of which it is not known whether the photo shows them.
    mask
        The file that the truth comes from, a PNG or an instances file; None without truth.
    saliency
        The saliency map, of any size; None without.
    """

    id: str
    image: Path
    labels: tuple[str, ...] | None = None
    unknown: tuple[str, ...] = ()
    mask: Path | None = None
    saliency: Path | None = None


@dataclass(frozen=True)
class Source:
    """The records of a data set.

    Parameters
    ----------
    records
        The photos, in the order of their list.
    classes
        Name of a class to its value in the source's own masks; the position in the dictionary is
        the number of the class in training. Background is not among them.
    masks
        Reads the truth of a record in the source's own values, int32 [H, W]; None without truth.
    name
        What to call the source in messages.
    """

    records: tuple[Record, ...]
    classes: dict[str, int]
    masks: Callable[[Record], np.ndarray] | None = None
    name: str = "the source"

    def __len__(self) -> int:
        """Count the records."""
        return len(self.records)

    @property
    def has_truth(self) -> bool:
        """Whether at least one record has a mask to score with."""
        return any(record.mask is not None for record in self.records)

    def label_vector(self, record: Record) -> np.ndarray:
        """Write the labels of a record as float32 [C] of 0/1, in the order of ``classes``.

        A class that is not known to be in the photo has 0, see `known_vector`.
        """
        shown = record.labels or ()
        return np.array([name in shown for name in self.classes], dtype=np.float32)

    def known_vector(self, record: Record) -> np.ndarray:
        """Return for every class whether its entry in `label_vector` is known, bool [C]."""
        unknown = self.classes if record.labels is None else record.unknown
        return np.array([name not in unknown for name in self.classes], dtype=bool)

    def read_truth(self, record: Record) -> np.ndarray:
        """Read the true mask of a record, in the numbering of training; only scoring does.

        Returns
        -------
        numpy.ndarray
            uint8 [H, W], the size of the photo: 0 background, ``i + 1`` for the ``i``-th of
            ``classes``, 255 for everything else (other classes, borders, crowds).

        Raises
        ------
        FileNotFoundError
            If the record has no mask.
        ValueError
            If the mask has another size than the photo, or values outside the source's classes.
        """
        if self.masks is None:
            raise FileNotFoundError(f"{self.name} has no masks, so {record.id} has no truth")
        values = self.masks(record)
        if values.shape != photo_size(record.image):
            raise ValueError(
                f"the mask of {record.id} must have the size of its photo "
                f"{photo_size(record.image)}, got {values.shape} in {record.mask}"
            )
        truth = np.full(values.shape, IGNORE, dtype=np.uint8)
        truth[values == 0] = BACKGROUND
        for number, value in enumerate(self.classes.values(), start=1):
            truth[values == value] = number
        return truth

    def choose(self, classes: Sequence[str]) -> "Source":
        """Keep only some classes, in the order given; every record stays.

        A photo that shows others alone shows none of the classes now; a photo of whose classes
        only others are known has nothing known about it.

        Raises
        ------
        ValueError
            If a name is not there, or is given twice.
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
        """Take over the classes of a trained network, in its order; some may be in no photo here.

        Raises
        ------
        ValueError
            If none of the names is there.
        """
        known = [name for name in classes if name in self.classes]
        if not known:
            raise unknown("class", list(classes), self.classes, self.name)
        values = {name: self.classes.get(name, IN_NO_MASK) for name in classes}
        return replace(self.choose(known), classes=values)

    def for_training(self) -> "Source":
        """Keep the records about which something is known, and see that every class is shown.

        Returns
        -------
        Source
            Without the records about which nothing is known; a log line counts them. Records that
            are known to show none of the classes stay.

        Raises
        ------
        ValueError
            If a class is in no photo, no photo has a label, or there are more than 254 classes.
        """
        if len(self.classes) >= IGNORE:
            raise ValueError(
                f"masks of one byte hold at most {IGNORE - 1} classes, {self.name} has "
                f"{len(self.classes)}: choose some with classes=..."
            )
        records = tuple(record for record in self.records if record.labels is not None)
        shown = {name for record in records for name in record.labels or ()}
        if not shown:
            raise ValueError(f"no photo of {self.name} has a label to train on; give labels=FILE")
        absent = [name for name in self.classes if name not in shown]
        if absent:
            raise ValueError(
                f"{len(absent)} of the classes are in no photo of {self.name}: "
                f"{first_few(absent, 20)}; choose others with classes=..."
            )
        if len(records) < len(self.records):
            dropped = len(self.records) - len(records)
            logger.info(
                "nothing is known about %d photos of %s: they are left out", dropped, self.name
            )
        return replace(self, records=records)


def _narrowed(record: Record, classes: Sequence[str]) -> Record:
    unknown = tuple(name for name in record.unknown if name in classes)
    if record.labels is None or len(unknown) == len(classes):
        return replace(record, labels=None, unknown=())
    labels = tuple(name for name in record.labels if name in classes)
    return replace(record, labels=labels, unknown=unknown)
