"""Controls are maps that know nothing of the network: what a method must beat to mean anything."""

import zlib
from collections.abc import Callable

import torch
from torch import Tensor

SPREAD = 0.25  # standard deviation of the blob, relative to the sides of the photo


def random_map(place: str, count: int, grid: tuple[int, int]) -> Tensor:
    """Return uniform noise in 0..1, another for each class, and the same whenever it is asked for.

    Parameters
    ----------
    place
        The id of the photo, which the noise is drawn by.
    count
        The number K of maps.
    grid
        Their size (h, w).

    Returns
    -------
    Tensor
        float32 [K, h, w].
    """
    generator = torch.Generator().manual_seed(zlib.crc32(place.encode()))
    return torch.rand(count, *grid, generator=generator)


def centre_blob(_place: str, count: int, grid: tuple[int, int]) -> Tensor:
    """Return a Gaussian in the centre of the photo with maximum 1, [K, h, w].

    People put what they photograph into the middle, so this is hard to beat.
    """
    down, across = (torch.arange(side) + 0.5 - side / 2 for side in grid)
    squared = (down[:, None] / grid[0]) ** 2 + (across / grid[1]) ** 2
    blob = (-squared / (2 * SPREAD**2)).exp()
    return (blob / blob.max()).expand(count, -1, -1).clone()


CONTROLS: dict[str, Callable[[str, int, tuple[int, int]], Tensor]] = {
    "random map": random_map,
    "centre blob": centre_blob,
}
"""Every control by its name in a table."""
