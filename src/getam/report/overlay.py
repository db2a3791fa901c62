"""Maps and masks laid over the photo they belong to."""

from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from getam.report.mask_colours import colour_mask
from getam.report.picture import Photo, Plane, as_mask, as_picture, as_plane
from getam.vocabulary import BACKGROUND

INFERNO = "000004 1b0c42 4b0c6b 781c6d a52c60 cf4446 ed6925 fb9a06 f7d03c fcffa4"
"""Ten even steps of "inferno" (Smith & van der Walt 2015, CC0): lightness rises evenly."""


@cache
def heat_colours() -> NDArray[np.uint8]:
    """Colours of a map's values 0..1: [256, 3] RGB, dark to light."""
    steps = np.array([list(bytes.fromhex(step)) for step in INFERNO.split()])
    at = np.linspace(0, len(steps) - 1, 256)
    channels = [np.interp(at, np.arange(len(steps)), channel) for channel in steps.T]
    colours = np.stack(channels, axis=-1).round().astype(np.uint8)
    colours.flags.writeable = False
    return colours


def overlay(photo: Photo, activation_map: Plane, *, alpha: float = 0.65) -> Image.Image:
    """Lay an activation map over its photo as heat: dark where low, yellow where high.

    Parameters
    ----------
    photo
        The photo, see `as_picture`.
    activation_map
        [h, w], 0..1 (clipped); enlarged to the photo's size bilinearly.
    alpha
        Weight of the heat, 0..1.

    Returns
    -------
    PIL.Image.Image
        RGB, of the photo's size.

    Raises
    ------
    ValueError
        For other shapes, a map that is not finite, or alpha outside 0..1.
    """
    values = as_plane(activation_map, "activation_map").astype(np.float32)
    if not np.isfinite(values).all():
        raise ValueError("activation_map must be finite, got nan or infinity")
    picture = as_picture(photo)
    enlarged = Image.fromarray(values).resize(picture.size, Image.Resampling.BILINEAR)
    level = (np.clip(np.asarray(enlarged), 0, 1) * 255).round().astype(np.uint8)
    # Colour off the photo, so that hue means heat alone.
    grey = picture.convert("L").convert("RGB")
    return Image.blend(grey, Image.fromarray(heat_colours()[level]), _share(alpha))


def blend(photo: Photo, mask: Plane, *, alpha: float = 0.6) -> Image.Image:
    """Lay a mask's colours over its photo; background shows the photo alone.

    Parameters
    ----------
    photo
        The photo, see `as_picture`.
    mask
        [h, w] integers in 0..255; brought to the photo's size by nearest neighbour.
    alpha
        Weight of the colours, 0..1.

    Returns
    -------
    PIL.Image.Image
        RGB, of the photo's size.

    Raises
    ------
    ValueError
        For other shapes, a mask outside 0..255, or alpha outside 0..1.
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
