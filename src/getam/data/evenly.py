"""This module takes some of many items, evenly spaced."""

from collections.abc import Sequence
from typing import TypeVar

Item = TypeVar("Item")


def evenly(items: Sequence[Item], count: int) -> list[Item]:
    """Return ``count`` items at even distances, or all if there are no more.

    Examples
    --------
    >>> evenly("abcdef", 3), evenly("ab", 3)
    (['b', 'd', 'f'], ['a', 'b'])
    """
    if count >= len(items):
        return list(items)
    return [items[int((number + 0.5) * len(items) / count)] for number in range(count)]
