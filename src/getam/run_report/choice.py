"""This module chooses the photos that a report shows, the worst ones first."""

from collections.abc import Mapping
from dataclasses import replace

from getam.data import Source, evenly

WORST = 2 / 3
"""The share of the shown photos that are those of the worst quality."""


def shares(sizes: Mapping[str, int], most: int) -> dict[str, int]:
    """Return how many photos of each part a gallery shows, as evenly as their numbers allow.

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
    """Return ``count`` photos: two thirds are the worst, others are evenly chosen among the rest.

    Parameters
    ----------
    source
        The photos.
    qualities
        The quality of photos by their id. Photos of unknown quality count as good.
    count
        The number of photos to keep.
    """
    ranked = sorted(source.records, key=lambda record: qualities.get(record.id, 1.0))
    first = round(WORST * count)
    rest = ranked[first:]
    kept = {record.id for record in [*ranked[:first], *evenly(rest, count - first)]}
    return replace(source, records=tuple(r for r in source.records if r.id in kept))
