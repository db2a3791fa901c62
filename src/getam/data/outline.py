"""This module reads the outlines of MS-COCO, whatever a hostile file puts into them.

pycocotools draws in C. It believes the numbers that it is given, and large ones make it fill the
memory or write beyond it. So run lengths are decoded here, and polygons are checked before.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

FAR = 4
"""A polygon may reach so many times the longer side of its photo beyond the photo."""

LONGEST_OUTLINE = 1000
"""The outline of a thing is at most so many times as long as both sides of its photo together."""


def run_length_mask(outline: Mapping[str, Any], size: tuple[int, int]) -> np.ndarray:
    """Decode run lengths: the pixels, column by column, outside and inside in turn.

    Parameters
    ----------
    outline
        ``size`` is height and width. ``counts`` is a list of lengths, or the text in which COCO
        packs them: base 32, least digits first, with the difference to the length before the last.
    size
        Height and width of the photo.

    Returns
    -------
    numpy.ndarray
        bool [H, W], True inside.

    Raises
    ------
    ValueError
        If the size is another one, or if the lengths do not fill it.

    Examples
    --------
    >>> run_length_mask({"size": [2, 3], "counts": [1, 2, 3]}, (2, 3)).astype(int).tolist()
    [[0, 1, 0], [1, 0, 0]]
    """
    counts = outline.get("counts")
    lengths = unpacked(counts) if isinstance(counts, str) else counts
    if list(outline.get("size") or ()) != list(size):
        raise ValueError(f"the run lengths must have the size {size}, got {outline.get('size')}")
    if not isinstance(lengths, list) or not all(type(n) is int and n >= 0 for n in lengths):
        raise ValueError("the run lengths must be whole numbers of 0 and more")
    if sum(lengths) != size[0] * size[1]:
        raise ValueError(f"the run lengths must fill {size}, got {sum(lengths)} pixels")
    inside = np.arange(len(lengths)) % 2 == 1
    return np.repeat(inside, lengths).reshape(size[::-1]).T


def unpacked(text: str) -> list[int]:
    """Return the run lengths that a text of COCO packs.

    Raises
    ------
    ValueError
        If the text ends within a number, or has a sign that no number has.
    """
    lengths: list[int] = []
    value = place = 0
    for sign in text:
        digit = ord(sign) - 48
        if not 0 <= digit < 64 or place > 12:
            raise ValueError("the run lengths are no packed numbers")
        value |= (digit & 31) << 5 * place
        place += 1
        if digit & 32:
            continue
        if digit & 16:
            value -= 1 << 5 * place
        lengths.append(value + (lengths[-2] if len(lengths) > 2 else 0))
        value = place = 0
    if place:
        raise ValueError("the run lengths end within a number")
    return lengths


def polygon_mask(outline: Any, size: tuple[int, int]) -> np.ndarray:
    """Draw polygons as COCO does.

    Parameters
    ----------
    outline
        A list of polygons, each a list x, y, x, y, ... in pixels.
    size
        Height and width of the photo.

    Returns
    -------
    numpy.ndarray
        bool [H, W], True inside of any polygon.

    Raises
    ------
    ValueError
        If it is anything else, if a point lies far outside of the photo, or if an outline is much
        longer than any thing could have.
    """
    check_polygons(outline, size)
    from pycocotools import mask

    # A polygon of two points has no inside, and pycocotools takes a first one for boxes.
    areas = [polygon for polygon in outline if len(polygon) > 4]
    if not areas:
        return np.zeros(size, bool)
    return mask.decode(mask.merge(mask.frPyObjects(areas, *size))).astype(bool)


def check_polygons(outline: object, size: tuple[int, int]) -> None:
    """Raise the error of `polygon_mask` about polygons that would take too much to draw.

    Raises
    ------
    ValueError
        If the polygons are refused.
    """
    if not isinstance(outline, list) or not outline:
        raise ValueError("the outline must be a list of polygons or run lengths")
    for polygon in outline:
        numbers = isinstance(polygon, list) and all(type(n) in (int, float) for n in polygon)
        if not numbers or len(polygon) < 4 or len(polygon) % 2:
            raise ValueError("a polygon must be x, y of two or more points")
        if not all(abs(n) <= FAR * max(size) for n in polygon):
            raise ValueError("a polygon has a point far outside of its photo")
        points = np.array(polygon, dtype=float).reshape(-1, 2)
        length = np.abs(np.diff(points, axis=0, append=points[:1])).max(axis=1).sum()
        if length > LONGEST_OUTLINE * sum(size):
            raise ValueError("a polygon is too long for its photo")
