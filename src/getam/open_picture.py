"""This module opens a picture file unless its pixels would fill the memory.

Pillow refuses pictures of more than 178,956,970 pixels, which is twice `Image.MAX_IMAGE_PIXELS`.
This is the one bound of getam. Pillow also prints a warning above half of it, which says nothing
that somebody could do.

Pillow knows some fifty kinds of pictures and looks at the content of a file, not at its ending. So
a file that is called ``photo.jpg`` could start a PostScript interpreter. Only the kinds of `KINDS`
are opened.
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image

from getam.elsewhere import Fetched

MOST_BYTES = 2**29
"""So many bytes a picture may have that is fetched whole: three for each of the most pixels."""

KINDS = ("JPEG", "PNG", "TIFF", "WEBP", "GIF", "BMP", "DIB", "PPM")
"""The kinds of pictures that are opened, in the words of Pillow. JPEG reads the MPO of phones."""

# A filter and no `catch_warnings`, because several threads read photos at once.
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)


@contextmanager
def open_picture(path: Path) -> Iterator[Image.Image]:
    """Open a picture file with Pillow, and close it when the block ends.

    Raises
    ------
    ValueError
        If the path is no file, or if the picture has too many pixels or bytes. The message does not
        name the path, as most of Pillow's do not.
    Exception
        Whatever the decoders raise for a broken file: OSError, SyntaxError, struct.error, ...
    """
    if not path.is_file():  # opening a pipe would wait for somebody who writes into it
        raise ValueError("it is not a file")
    if isinstance(path, Fetched) and (size := path.stat().st_size) > MOST_BYTES:
        raise ValueError(f"it has {size:,} bytes, and {MOST_BYTES:,} are the most")
    try:
        with Image.open(
            path.open("rb") if isinstance(path, Fetched) else path, formats=KINDS
        ) as image:
            yield image
    except Image.DecompressionBombError:
        most = 2 * (Image.MAX_IMAGE_PIXELS or 0)
        raise ValueError(
            f"it has more than {most:,} pixels: make it smaller, or cut it into pieces"
        ) from None
