"""This module encodes pictures as text, so that a page holds them itself and needs no other file.

A photo is stored once. What was found in it is stored as a layer of the same shape that the page
lays over the photo: a map as colours, a mask as colours on a transparent background.
"""

import base64
import io

import numpy as np
from PIL import Image

from getam.report.mask_colours import palette_picture
from getam.report.overlay import heat_colours
from getam.report.picture import Photo, Plane, as_mask, as_picture, as_plane
from getam.vocabulary import BACKGROUND

PHOTO_SIDE = 400
"""The long side of a photo or mask in the page, in pixels."""

MAP_SIDE = 160
"""The long side of a map in the page. Maps are smooth, so that the browser may enlarge them."""


def photo_uri(photo: Photo) -> str:
    """Return a photo as a JPEG of at most 400 pixels on its long side."""
    picture = as_picture(photo)
    size = fitted(picture.size, PHOTO_SIDE)
    return _encoded(picture.resize(size, Image.Resampling.LANCZOS), "JPEG", quality=80)


def map_uri(plane: Plane) -> str:
    """Return a map [h, w] of 0..1 as a JPEG in colours from dark (0) to light yellow (1).

    Raises
    ------
    ValueError
        If the map is not [h, w].
    """
    values = np.nan_to_num(as_plane(plane, "map").astype(np.float32))
    small = Image.fromarray(values)
    small = small.resize(fitted(small.size, MAP_SIDE), Image.Resampling.BILINEAR)
    level = (np.clip(np.asarray(small), 0, 1) * 255).round().astype(np.uint8)
    return _encoded(Image.fromarray(heat_colours()[level]), "JPEG", quality=80)


def mask_uri(mask: Plane) -> str:
    """Return a mask [h, w] of 0..255 as a palette PNG whose background is transparent.

    Raises
    ------
    ValueError
        If the mask is not [h, w] integers in 0..255.
    """
    values = Image.fromarray(as_mask(mask))
    values = values.resize(fitted(values.size, PHOTO_SIDE), Image.Resampling.NEAREST)
    picture = palette_picture(np.asarray(values))
    return _encoded(picture, "PNG", optimize=True, transparency=BACKGROUND)


def fitted(size: tuple[int, int], side: int) -> tuple[int, int]:
    """Return a size with the same aspect ratio whose long side is at most ``side``.

    Examples
    --------
    >>> fitted((500, 375), 400), fitted((30, 20), 400)
    ((400, 300), (30, 20))
    """
    scale = min(1.0, side / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _encoded(picture: Image.Image, kind: str, **options: object) -> str:
    buffer = io.BytesIO()
    picture.save(buffer, format=kind, **options)
    text = base64.b64encode(buffer.getvalue()).decode("ascii")
    return f"data:image/{kind.lower()};base64,{text}"
