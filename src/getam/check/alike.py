"""This module finds photos that are equal or nearly equal, in nearly linear time.

Two hashes of 64 bits that differ in at most 3 bits agree in at least one of 4 bands of 16 bits, so
only photos that share a band are compared.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

BITS = 3
"""Photos whose perceptual hashes differ in more bits are not called alike."""

BANDS = BITS + 1
WIDTH = 64 // BANDS

NEIGHBOURS = 256
"""A photo is compared with so many others of its band at most, so that time stays linear."""

Groups = list[list[int]]
"""Positions of the members of each group of two or more, in the order of the first."""


def nearly_equal(fingerprints: Sequence[int]) -> Groups:
    """Group the positions of hashes that are equal, or joined by steps of at most 3 bits.

    Parameters
    ----------
    fingerprints
        Hashes of 64 bits.

    Returns
    -------
    list of list of int
        The groups of two or more.

    Examples
    --------
    >>> nearly_equal([0b0, 2**63, 0b111, 0b11111111 << 20])
    [[0, 1, 2]]
    """
    hashes, place = np.unique(np.array(fingerprints, dtype=np.uint64), return_inverse=True)
    pairs = [pair for band in range(BANDS) for pair in _pairs(hashes, band)]
    first, second = (np.concatenate(side) for side in zip(*pairs, (place[:0],) * 2, strict=True))
    graph = coo_array((np.ones(len(first), dtype=bool), (first, second)), shape=(len(hashes),) * 2)
    _, component = connected_components(graph, directed=False)
    return equal(component[place].tolist())


def equal(keys: Iterable[Hashable]) -> Groups:
    """Group the positions of equal keys.

    Examples
    --------
    >>> equal(["a", "b", "a"])
    [[0, 2]]
    """
    positions = defaultdict(list)
    for position, key in enumerate(keys):
        positions[key].append(position)
    return [group for group in positions.values() if len(group) > 1]


def _pairs(hashes: np.ndarray, band: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield the pairs of positions whose hashes share a band and differ in few bits."""
    key = hashes >> np.uint64(band * WIDTH) & np.uint64(2**WIDTH - 1)
    order = np.argsort(key, kind="stable")
    key, hashes = key[order], hashes[order]
    here = np.arange(len(order))
    for distance in range(1, NEIGHBOURS + 1):
        here = here[here + distance < len(order)]
        here = here[key[here] == key[here + distance]]
        if not len(here):
            return
        close = here[_differing_bits(hashes[here], hashes[here + distance]) <= BITS]
        yield order[close], order[close + distance]


def _differing_bits(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    differing = (one ^ other).view(np.uint8).reshape(-1, 8)
    return np.unpackbits(differing, axis=1).sum(1)
