"""This module makes the two Gaussian kernels of a dense CRF over the pixels of a photo."""

from functools import lru_cache

import torch
from torch import Tensor

from getam.crf.lattice import Lattice, build_lattice, join

SMALLEST, GREATEST = 0.01, 1e6
"""Limits of standard deviations and weights. Beyond them, float32 cannot tell pixels apart."""


BRIGHTEST = 256
"""The largest value of a colour that is taken for one in 0..255."""


def check_settings(*, at_least: float, **settings: float) -> None:
    """Raise a ValueError if a setting is too small, too large or nan. The message names it."""
    for name, value in settings.items():
        if not at_least <= value <= GREATEST:
            raise ValueError(f"{name} must lie in {at_least:g}..{GREATEST:g}, got {value}")


def check_colours(image: Tensor) -> None:
    """Raise a ValueError if an image has colours beyond 0..255; an accelerator is waited for."""
    if not _lies_in(image, BRIGHTEST):
        raise ValueError("image must lie in 0..255, without nan")


def check_probabilities(probabilities: Tensor) -> None:
    """Raise a ValueError if probabilities lie beyond 0..1; an accelerator is waited for."""
    if not _lies_in(probabilities, 1.01):
        raise ValueError("probabilities must lie in 0..1; take the softmax of logits first")


def _lies_in(tensor: Tensor, most: float) -> bool:
    """Say whether all values lie in 0..most; nan does not."""
    return bool((tensor.amin().float() >= 0) & (tensor.amax().float() <= most))


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
    largest = ((width - 1) / sxy, (height - 1) / sxy)
    return build_lattice(_positions(height, width, dtype, device) / sxy, largest=largest)


def bilateral_lattice(image: Tensor, *, sxy: float, srgb: float) -> Lattice:
    """Return the Gaussian of the distance in pixels and in colour.

    Parameters
    ----------
    image
        [B, 3, H, W] in 0..255, float32 or float64.
    sxy
        Standard deviation in pixels.
    srgb
        Standard deviation in steps of colour.

    Returns
    -------
    Lattice
        The filter over B * H * W points, photo by photo and row by row, with the device and dtype
        of ``image``. Points of different photos do not mix.
    """
    if image.device.type != "cpu":
        return lattice_of_all(image, sxy=sxy, srgb=srgb)
    features = _features(image, sxy=sxy, srgb=srgb).unbind(1)
    return join([build_lattice(own) for own in features])  # small tables stay in the caches


def lattice_of_all(image: Tensor, *, sxy: float, srgb: float) -> Lattice:
    """Build `bilateral_lattice` at once, so that an accelerator is waited for once and no more."""
    height, width = image.shape[2:]
    largest = ((width - 1) / sxy, (height - 1) / sxy, *[BRIGHTEST / srgb] * 3)
    features = _features(image, sxy=sxy, srgb=srgb).flatten(1)
    return build_lattice(features, groups=len(image), largest=largest)


def _features(image: Tensor, *, sxy: float, srgb: float) -> Tensor:
    """Return place and colour of every pixel over their standard deviations, [5, B, H * W]."""
    height, width = image.shape[2:]
    place = _positions(height, width, image.dtype, image.device) / sxy
    place = place[:, None].expand(-1, len(image), -1)
    return torch.cat([place, image.flatten(2).transpose(0, 1) / srgb])


def _positions(height: int, width: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    """Return column and row of every pixel, [2, H * W]."""
    row = torch.arange(height, dtype=dtype, device=device)
    column = torch.arange(width, dtype=dtype, device=device)
    return torch.stack([column.repeat(height), row.repeat_interleave(width)])
