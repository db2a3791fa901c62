"""This module colours masks with the palette of PASCAL VOC (development kit 2012)."""

from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from getam.files import whole_file
from getam.report.picture import Plane, as_mask


@cache
def palette() -> NDArray[np.uint8]:
    """Return the colours of the mask values, [256, 3] RGB.

    The lowest three bits of a value become the highest bits of red, green and blue. The next three
    bits become the second highest, and so on. Neighbouring classes therefore differ most.

    Examples
    --------
    >>> palette()[[0, 1, 15, 255]].tolist()
    [[0, 0, 0], [128, 0, 0], [192, 128, 128], [224, 224, 192]]
    """
    value = np.arange(256)[:, None]
    channel = np.arange(3)
    colours = np.zeros((256, 3), dtype=np.uint8)
    for triple in range(3):
        bit = (value >> (3 * triple + channel)) & 1
        colours |= (bit << (7 - triple)).astype(np.uint8)
    colours.flags.writeable = False
    return colours


GREYS = {7: (255, 140, 0), 56: (0, 200, 255), 63: (255, 105, 180)}
"""Values whose colour in the palette is a grey, with one that stands out on a photo."""


@cache
def shown_colours() -> NDArray[np.uint8]:
    """Return the colours in which masks are shown, [256, 3] RGB: the palette without its greys.

    The files of masks keep the palette of VOC, which other programs know.
    """
    colours = palette().copy()
    for value, colour in GREYS.items():
        colours[value] = colour
    colours.flags.writeable = False
    return colours


def palette_picture(mask: Plane) -> Image.Image:
    """Return a mask [H, W] of 0..255 as a palette picture, which keeps the values.

    Raises
    ------
    ValueError
        If the mask is not [H, W] integers in 0..255.
    """
    picture = Image.fromarray(as_mask(mask))
    picture.putpalette(palette().tobytes())
    return picture


def colour_mask(mask: Plane) -> Image.Image:
    """Return a mask [H, W] of 0..255 as an RGB picture in the colours of `shown_colours`.

    Raises
    ------
    ValueError
        If the mask is not [H, W] integers in 0..255.
    """
    return Image.fromarray(shown_colours()[as_mask(mask)])


def save_mask(path: str | Path, mask: Plane) -> None:
    """Write a mask as a palette PNG, whole or not at all. The pixels keep the mask values.

    Parameters
    ----------
    path
        The file, ending in ``.png``. Its folder is made if it is missing.
    mask
        [H, W] integers in 0..255.

    Raises
    ------
    ValueError
        If the ending is another one, or if the mask is not [H, W] integers in 0..255.
    """
    if Path(path).suffix.lower() != ".png":
        raise ValueError(f"path of a mask must end in .png (other formats lose values), got {path}")
    picture = palette_picture(mask)
    with whole_file(path) as temporary:
        picture.save(temporary, format="PNG")
