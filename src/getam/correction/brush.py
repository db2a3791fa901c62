"""A brush paints a round stroke into a label image."""

from collections.abc import Sequence

import numpy as np


def paint(
    label: np.ndarray, points: Sequence[tuple[float, float]], *, radius: float, value: int
) -> np.ndarray:
    """Return a copy of a label image in which every pixel near a stroke has one value.

    Parameters
    ----------
    label
        uint8 [H, W].
    points
        Column and row of the points that the stroke joins by straight lines, in pixels. The middle
        of the first pixel is (0, 0). A point may lie outside the photo.
    radius
        Half the width of the stroke in pixels. The pixels that hold the points are always painted.
    value
        The value to paint: 0 background, class + 1, or 255 undecided.

    Returns
    -------
    numpy.ndarray
        uint8 [H, W].

    Raises
    ------
    ValueError
        If there is no point.

    Examples
    --------
    >>> paint(np.zeros((3, 5), dtype=np.uint8), [(1, 1), (3, 1)], radius=1, value=2)
    array([[0, 2, 2, 2, 0],
           [2, 2, 2, 2, 2],
           [0, 2, 2, 2, 0]], dtype=uint8)
    """
    if not points:
        raise ValueError("points must name at least one point of the stroke")
    painted = label.copy()
    middles = [(round(x), round(y)) for x, y in points]
    for (x, y), (to_x, to_y) in zip([middles[0], *middles], middles, strict=False):
        rows, columns = _around(label.shape, (x, y), (to_x, to_y), radius)
        row, column = np.ogrid[rows, columns]
        along = _share_of_way(column - x, row - y, to_x - x, to_y - y)
        square = (column - x - along * (to_x - x)) ** 2 + (row - y - along * (to_y - y)) ** 2
        painted[rows, columns][square <= max(radius, 0.5) ** 2] = value
    return painted


def _around(
    size: tuple[int, ...], start: tuple[int, int], end: tuple[int, int], radius: float
) -> tuple[slice, slice]:
    """Return the rows and the columns that a straight piece of a stroke can reach."""
    reach = int(radius) + 1
    low = [max(0, min(pair) - reach) for pair in zip(start, end, strict=True)]
    high = [max(pair) + reach + 1 for pair in zip(start, end, strict=True)]
    rows = slice(low[1], max(low[1], min(high[1], size[0])))
    return rows, slice(low[0], max(low[0], min(high[0], size[1])))


def _share_of_way(x: np.ndarray, y: np.ndarray, to_x: int, to_y: int) -> np.ndarray:
    """Return how far along the way from (0, 0) to a point the nearest place is, 0..1."""
    length = to_x**2 + to_y**2
    if length == 0:
        return np.zeros(np.broadcast_shapes(x.shape, y.shape))
    return np.clip((x * to_x + y * to_y) / length, 0, 1)
