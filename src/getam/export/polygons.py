"""This module traces the outlines of a region along the edges of its pixels.

Corners are whole numbers: pixel (x, y) covers x..x + 1 and y..y + 1. Pixels that touch only at a
corner belong to different outlines.
"""

import numpy as np

Point = tuple[int, int]

_SIDES = (  # neighbour (dy, dx); start and end of the side (dx, dy), clockwise as one sees it
    ((-1, 0), (0, 0), (1, 0)),
    ((0, 1), (1, 0), (1, 1)),
    ((1, 0), (1, 1), (0, 1)),
    ((0, -1), (0, 1), (0, 0)),
)


def outlines(region: np.ndarray) -> list[list[int]] | None:
    """Return the outlines of a region, bool [H, W], as flat lists x, y, x, y, ...

    Returns
    -------
    list of list of int or None
        None if the region has a hole, which a union of polygons cannot have.
    """
    following = _sides(region)
    polygons = []
    while following:
        loop = _next_loop(following)
        if _signed_area(loop) < 0:
            return None
        polygons.append([number for point in _corners(loop) for number in point])
    return polygons


def _sides(region: np.ndarray) -> dict[Point, list[Point]]:
    """Return the sides between inside and outside: the ends of those that start at each point."""
    padded = np.pad(region, 1)
    height, width = region.shape
    following: dict[Point, list[Point]] = {}
    for (down, right), start, end in _SIDES:
        beyond = padded[1 + down : 1 + down + height, 1 + right : 1 + right + width]
        for y, x in np.argwhere(region & ~beyond).tolist():
            following.setdefault((x + start[0], y + start[1]), []).append((x + end[0], y + end[1]))
    return following


def _next_loop(following: dict[Point, list[Point]]) -> list[Point]:
    """Take one closed loop of sides away and return its points."""
    first = min(following)
    loop = [first]
    before, here = first, _take(following, first, first)
    while here != first or len(loop) < 4:
        loop.append(here)
        before, here = here, _take(following, before, here)
    return loop


def _take(following: dict[Point, list[Point]], before: Point, here: Point) -> Point:
    """Take the side that leaves a point; where two do, the one that turns right."""
    ends = following[here]
    right = (here[0] - (here[1] - before[1]), here[1] + (here[0] - before[0]))
    end = right if right in ends else ends[0]
    ends.remove(end)
    if not ends:
        del following[here]
    return end


def _signed_area(loop: list[Point]) -> int:
    """Return twice the area of a loop: positive around pixels, negative around a hole."""
    after = [*loop[1:], loop[0]]
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(loop, after, strict=True))


def _corners(loop: list[Point]) -> list[Point]:
    """Return the points at which a loop turns."""
    before, after = [loop[-1], *loop[:-1]], [*loop[1:], loop[0]]
    points = zip(before, loop, after, strict=True)
    return [b for a, b, c in points if a[0] != c[0] and a[1] != c[1]]
