"""The picture of a review shows the photo, the colours of its label, and the clicks on it."""

import base64
import io
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from getam.correction import Click
from getam.report import blend, colours_of

LEAST_SIDE, MOST_SIDE = 800, 1600
"""The long side of the picture lies between them, in pixels, whatever the size of the photo."""

DOT = 1 / 120
"""The radius of the mark of a click, in shares of the long side."""


def review_picture(
    photo: Image.Image, mask: np.ndarray, clicks: Sequence[Click], *, opacity: float
) -> Image.Image:
    """Lay a mask over its photo, and mark the clicks.

    Parameters
    ----------
    photo
        RGB, of any size.
    mask
        uint8 [H, W] with the values of mask files, of the size of the photo.
    clicks
        The clicks; each mark has the colour of the mask there.
    opacity
        Weight of the colours, 0..1.
    """
    longest = max(photo.size)
    scale = min(max(longest, LEAST_SIDE), MOST_SIDE) / longest
    size = max(1, round(photo.width * scale)), max(1, round(photo.height * scale))
    picture = blend(photo.resize(size, Image.Resampling.LANCZOS), mask, alpha=opacity)
    pen = ImageDraw.Draw(picture)
    radius = max(3.0, DOT * max(picture.size))
    for click in clicks:
        centre = ((click.x + 0.5) * scale, (click.y + 0.5) * scale)
        value = int(mask[click.y, click.x])
        pen.circle(centre, radius, fill=colours_of({value: ""})[""], outline="white", width=2)
    return picture


def picture_uri(picture: Image.Image) -> str:
    """Return a picture as text that a page can hold, a JPEG."""
    buffer = io.BytesIO()
    picture.save(buffer, format="JPEG", quality=90)
    return f"data:image/jpeg;base64,{base64.b64encode(buffer.getvalue()).decode('ascii')}"
