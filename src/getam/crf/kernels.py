"""This module makes the two Gaussian kernels of a dense CRF over the pixels of a photo."""

from functools import lru_cache

import torch
from torch import Tensor

from getam.crf.lattice import Lattice, build_lattice

SMALLEST, GREATEST = 0.01, 1e6
"""Limits of standard deviations and weights. Beyond them, float32 cannot tell pixels apart."""


def check_settings(*, at_least: float, **settings: float) -> None:
    """Raise a ValueError if a setting is too small, too large or nan. The message names it."""
    for name, value in settings.items():
        if not at_least <= value <= GREATEST:
            raise ValueError(f"{name} must lie in {at_least:g}..{GREATEST:g}, got {value}")


@lru_cache(maxsize=4)
def spatial_lattice(
    height: int, width: int, sxy: float, dtype: torch.dtype, device: torch.device
) -> Lattice:
    """Return the Gaussian of the distance in pixels.

    It depends only on the size of the photo, so the last few are kept.

    Parameters
    ----------
    height, width
        Size of the photo in pixels.
    sxy
        Standard deviation in pixels.
    dtype, device
        Type and device of the tensors in the lattice.

    Returns
    -------
    Lattice
        The filter over height * width points, row by row.
    """
    return build_lattice(_positions(height, width, dtype, device) / sxy)


def bilateral_lattice(image: Tensor, *, sxy: float, srgb: float) -> Lattice:
    """Return the Gaussian of the distance in pixels and in colour.

    Parameters
    ----------
    image
        [3, H, W] in 0..255, float32 or float64.
    sxy
        Standard deviation in pixels.
    srgb
        Standard deviation in steps of colour.

    Returns
    -------
    Lattice
        The filter over H * W points, row by row, with the device and dtype of ``image``.
    """
    _, height, width = image.shape
    positions = _positions(height, width, image.dtype, image.device)
    return build_lattice(torch.cat([positions / sxy, image.flatten(1) / srgb]))


def _positions(height: int, width: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    """Return column and row of every pixel, [2, H * W]."""
    row = torch.arange(height, dtype=dtype, device=device)
    column = torch.arange(width, dtype=dtype, device=device)
    return torch.stack([column.repeat(height), row.repeat_interleave(width)])
