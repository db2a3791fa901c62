"""Some photos of a data set kept from training, to see how well tags of new photos are told."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from getam.data.source import Record, Source

FEWEST = 100
"""A source with fewer photos is trained on as a whole."""

_NONE = ("",)  # stands for "none of the classes", which is a class of its own here


def hold_out(source: Source, share: float = 0.1, seed: int = 0) -> tuple[Source, Source]:
    """Split a source into photos to train on and photos held out.

    At least one photo of every class is held out, and one that shows none of the classes, where
    there is one to spare: the last photo of a class stays in training. Which photos are held out
    depends on the ids and the seed, not on the order of the records.

    Parameters
    ----------
    source
        The photos.
    share
        How many of the photos with labels are held out, between 0 and 1.
    seed
        Decides which ones.

    Returns
    -------
    tuple of Source
        The photos to train on and those held out, both in the order of the source. Nothing is held
        out of fewer than 100 photos; the second source is empty then.

    Raises
    ------
    ValueError
        If ``share`` is not between 0 and 1.
    """
    if not 0 <= share < 1:
        raise ValueError(f"share must be at least 0 and below 1, got {share}")
    labelled = sorted((r for r in source.records if r.labels is not None), key=lambda r: r.id)
    if len(labelled) < FEWEST or share == 0:
        return source, replace(source, records=())
    order = np.random.default_rng(seed).permutation(len(labelled)).tolist()
    chosen = _choose([labelled[i] for i in order], round(share * len(labelled)))
    train = tuple(record for record in source.records if record.id not in chosen)
    held_out = tuple(record for record in source.records if record.id in chosen)
    return replace(source, records=train), replace(source, records=held_out)


def _choose(records: list[Record], count: int) -> set[str]:
    """Choose ids: one for every class, the rarest class first, then the next ones up to a count."""
    left = Counter(name for record in records for name in _classes(record))
    rarest_first = sorted(left, key=lambda name: (left[name], name))
    chosen: dict[str, Record] = {}

    def take_first(candidates: Iterable[Record]) -> None:
        spare = (r for r in candidates if all(left[name] > 1 for name in _classes(r)))
        record = next((r for r in spare if r.id not in chosen), None)
        if record is not None:
            chosen[record.id] = record
            left.subtract(_classes(record))

    for name in rarest_first:
        if not any(name in _classes(record) for record in chosen.values()):
            take_first(record for record in records if name in _classes(record))
    for record in records:
        if len(chosen) < count:
            take_first([record])
    return set(chosen)


def _classes(record: Record) -> tuple[str, ...]:
    return record.labels or _NONE
