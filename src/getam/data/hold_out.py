"""This module keeps some photos from training, to score what the network says of new photos.

See `hold_out`.
"""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import replace

import numpy as np

from getam.data.source import Record, Source

FEWEST = 100
"""The least number of photos with labels of which some are held out."""

_NONE = ("",)  # photos that show none of the classes count here as a class of their own


def hold_out(source: Source, share: float = 0.1, seed: int = 0) -> tuple[Source, Source]:
    """Split a source into photos to train on and photos that are held out.

    At least one photo of every class is held out, and one that shows none of the classes. The last
    photo of a class, however, always stays in training, and so does a photo with a corrected mask.
    Photos with a true mask come first, since masks of other photos cannot be scored: as many of
    them are held out as the share allows, even if some class needed photos without a mask.
    Each class has its share as far as that is possible. The choice depends on the ids, the seed and
    which photos have a mask, not on the order of the records.

    Parameters
    ----------
    source
        The photos.
    share
        The share of the photos with labels that are held out, at least 0 and below 1.
    seed
        The seed of the random choice.

    Returns
    -------
    tuple of Source
        The photos to train on and those held out, both in the order of the source. If there are
        fewer than 100 photos with labels, the second source is empty.

    Raises
    ------
    ValueError
        If ``share`` is below 0, or 1 or more.
    """
    if not 0 <= share < 1:
        raise ValueError(f"share must be at least 0 and below 1, got {share}")
    labelled = sorted((r for r in source.records if r.labels is not None), key=lambda r: r.id)
    if len(labelled) < FEWEST or share == 0:
        return source, replace(source, records=())
    order = np.random.default_rng(seed).permutation(len(labelled)).tolist()
    candidates = [labelled[i] for i in order if labelled[i].corrected is None]
    candidates.sort(key=lambda record: record.mask is None)
    return split_off(source, _choose(candidates, round(share * len(labelled))))


def split_off(source: Source, chosen: Collection[str]) -> tuple[Source, Source]:
    """Split a source into the photos to train on and those with the ids given.

    Parameters
    ----------
    source
        The photos.
    chosen
        The ids of the photos that are held out.
    """
    train = tuple(record for record in source.records if record.id not in chosen)
    held_out = tuple(record for record in source.records if record.id in chosen)
    return replace(source, records=train), replace(source, records=held_out)


def _choose(records: list[Record], count: int) -> set[str]:
    """Choose the ids of ``count`` records, first one for every class, the rarest class first.

    The records with a true mask stand before the others, and ``count`` of them are chosen even if
    some class needed records without one. Each class gets its share as far as that is possible.
    """
    choice = _Choice(records, count)
    for name in choice.rarest_first():
        if not any(name in _classes(record) for record in choice.chosen.values()):
            choice.fill([r for r in records if name in _classes(r)], most=len(choice.chosen) + 1)
    without_mask = sum(record.mask is None for record in choice.chosen.values())
    masked = [record for record in records if record.mask is not None]
    for some, most in ((masked, count + without_mask), (records, count)):
        choice.fill(some, most=most, fair=True)
        choice.fill(some, most=most)
    return set(choice.chosen)


class _Choice:
    """This choice of ``count`` records leaves the last record of every class where it is."""

    def __init__(self, records: list[Record], count: int) -> None:
        self.shown = Counter(name for record in records for name in _classes(record))
        self.left = self.shown.copy()
        self.share = count / max(1, len(records))
        self.chosen: dict[str, Record] = {}

    def rarest_first(self) -> list[str]:
        """Return the classes in the order of their numbers of records."""
        return sorted(self.shown, key=lambda name: (self.shown[name], name))

    def fill(self, records: Iterable[Record], *, most: int, fair: bool = False) -> None:
        """Choose records until there are ``most``; a fair choice passes over classes that have."""
        for record in records:
            names = _classes(record)
            if len(self.chosen) >= most or record.id in self.chosen:
                continue
            if any(self.left[name] < 2 or (fair and self.has_its_share(name)) for name in names):
                continue
            self.chosen[record.id] = record
            self.left.subtract(names)

    def has_its_share(self, name: str) -> bool:
        """Return whether as large a share of a class is chosen as of all records."""
        return self.shown[name] - self.left[name] >= self.share * self.shown[name]


def _classes(record: Record) -> tuple[str, ...]:
    return record.labels or _NONE
