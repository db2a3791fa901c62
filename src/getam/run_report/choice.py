"""This module chooses the photos that a report shows, the worst ones first."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from getam.data import Source

WORST = 2 / 3
"""The share of the places that go to the photos of the worst quality. The others show the rest."""


def shares(sizes: Mapping[str, int], most: int) -> dict[str, int]:
    """Divide the places of a gallery among its parts, as evenly as their sizes allow.

    Examples
    --------
    >>> shares({"trained on": 700, "not trained on": 20}, 120)
    {'trained on': 100, 'not trained on': 20}
    """
    left, found = most, {}
    for count, name in enumerate(sorted(sizes, key=lambda name: sizes[name])):
        found[name] = min(sizes[name], left // (len(sizes) - count))
        left -= found[name]
    return {name: found[name] for name in sizes}


def chosen(source: Source, qualities: Mapping[str, float], count: int) -> Source:
    """Return ``count`` photos: two thirds are the worst, the others are spread over the rest.

    Parameters
    ----------
    source
        The photos.
    qualities
        The quality of photos by their id, as far as it is known. Unknown ones come last.
    count
        The number of photos to keep.
    """
    ranked = sorted(source.records, key=lambda record: qualities.get(record.id, 1.0))
    first = round(WORST * count)
    rest = ranked[first:]
    kept = {record.id for record in [*ranked[:first], *evenly(rest, count - first)]}
    return replace(source, records=tuple(r for r in source.records if r.id in kept))


def evenly(items: Sequence, count: int) -> list:
    """Return ``count`` items at even distances, or all if there are no more.

    Examples
    --------
    >>> evenly("abcdef", 3), evenly("ab", 3)
    (['b', 'd', 'f'], ['a', 'b'])
    """
    if count >= len(items):
        return list(items)
    return [items[int((number + 0.5) * len(items) / count)] for number in range(count)]
