"""This module lays maps and masks over their photo."""

from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from getam.report.mask_colours import colour_mask
from getam.report.picture import Photo, Plane, as_mask, as_picture, as_plane
from getam.vocabulary import BACKGROUND

INFERNO = "000004 1b0c42 4b0c6b 781c6d a52c60 cf4446 ed6925 fb9a06 f7d03c fcffa4"
"""Ten even steps of the colours "inferno" (Smith & van der Walt 2015, CC0), from dark to light."""


@cache
def heat_colours() -> NDArray[np.uint8]:
    """Return the colours for the values 0..1 of a map, [256, 3] RGB, from dark to light."""
    steps = np.array([list(bytes.fromhex(step)) for step in INFERNO.split()])
    at = np.linspace(0, len(steps) - 1, 256)
    channels = [np.interp(at, np.arange(len(steps)), channel) for channel in steps.T]
    colours = np.stack(channels, axis=-1).round().astype(np.uint8)
    colours.flags.writeable = False
    return colours


def overlay(photo: Photo, activation_map: Plane, *, alpha: float = 0.65) -> Image.Image:
    """Lay an activation map over its photo: low values are dark, high values are yellow.

    Parameters
    ----------
    photo
        The photo; see `as_picture`.
    activation_map
        [h, w]. Values are clipped to 0..1 and resized to the size of the photo, bilinearly.
    alpha
        Weight of the map's colours, 0..1.

    Returns
    -------
    PIL.Image.Image
        An RGB picture of the size of the photo.

    Raises
    ------
    ValueError
        If a shape is wrong, if the map is not finite, or if ``alpha`` is outside 0..1.
    """
    values = as_plane(activation_map, "activation_map").astype(np.float32)
    if not np.isfinite(values).all():
        raise ValueError("activation_map must be finite, got nan or infinity")
    picture = as_picture(photo)
    enlarged = Image.fromarray(values).resize(picture.size, Image.Resampling.BILINEAR)
    level = (np.clip(np.asarray(enlarged), 0, 1) * 255).round().astype(np.uint8)
    # The photo is grey, so that every colour comes from the map.
    grey = picture.convert("L").convert("RGB")
    return Image.blend(grey, Image.fromarray(heat_colours()[level]), _share(alpha))


def blend(photo: Photo, mask: Plane, *, alpha: float = 0.6) -> Image.Image:
    """Lay the colours of a mask over its photo. Background shows the photo alone.

    Parameters
    ----------
    photo
        The photo; see `as_picture`.
    mask
        [h, w] integers in 0..255. They are resized to the size of the photo, without smoothing.
    alpha
        Weight of the mask's colours, 0..1.

    Returns
    -------
    PIL.Image.Image
        An RGB picture of the size of the photo.

    Raises
    ------
    ValueError
        If a shape is wrong, if the mask is outside 0..255, or if ``alpha`` is outside 0..1.
    """
    picture = as_picture(photo)
    fitted = Image.fromarray(as_mask(mask)).resize(picture.size, Image.Resampling.NEAREST)
    values = np.asarray(fitted)
    mixed = Image.blend(picture, colour_mask(values), _share(alpha))
    return Image.composite(mixed, picture, Image.fromarray(values != BACKGROUND))


def _share(alpha: float) -> float:
    if not 0 <= alpha <= 1:
        raise ValueError(f"alpha must lie in 0..1, got {alpha}")
    return alpha
