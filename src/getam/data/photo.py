"""This module reads a photo file of any common kind as an upright RGB image, with Pillow."""

from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from threading import Lock

import numpy as np
from PIL import Image, ImageOps

from getam.elsewhere import located
from getam.open_picture import open_picture

_ORIENTATION = 0x0112
_LYING = frozenset({5, 6, 7, 8})
_AT_ONCE = 2**22  # pixels that are converted at once: a copy of a whole photo may be a gigabyte
_LEAST = 8  # a JPEG can be decoded at an eighth of its size
_LARGE = 25_000_000  # pixels
_ONE_LARGE = Lock()  # many threads check photos, and each large one may take a gigabyte


def read_photo(path: str | Path) -> Image.Image:
    """Read a photo as an upright RGB image.

    The EXIF rotation is applied. Transparent pixels are laid over white. 16-bit grey is scaled by
    its full range (65535 becomes 255). CMYK, grey, palette and one-bit photos are converted. The
    first picture of an animation is taken.

    Parameters
    ----------
    path
        The file of the photo.

    Returns
    -------
    PIL.Image.Image
        An image of mode ``RGB`` with values in 0..255.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is not an image, is truncated, cannot be decoded or has too many pixels.
    """
    path = _existing_file(path)
    try:
        with open_picture(path) as image:
            return _decoded(image)
    except Exception as error:  # the decoders raise OSError, SyntaxError, struct.error, ...
        raise _unreadable(path, error) from error


def check_photo(path: str | Path) -> None:
    """Decode a photo as `read_photo` does, and forget it.

    A JPEG is decoded at an eighth of its size: all of the file is read, in a part of the memory.

    Raises
    ------
    FileNotFoundError, ValueError
        If `read_photo` would raise it.
    """
    path = _existing_file(path)
    try:
        with open_picture(path) as image:
            image.draft(None, (image.width // _LEAST or 1, image.height // _LEAST or 1))
            large = image.width * image.height > _LARGE
            with _ONE_LARGE if large else nullcontext():
                _decoded(image)
    except Exception as error:
        raise _unreadable(path, error) from error


def _decoded(image: Image.Image) -> Image.Image:
    image.load()
    ImageOps.exif_transpose(image, in_place=True)
    return _to_rgb(image)


def upright_rgb(image: Image.Image) -> Image.Image:
    """Convert a picture of any mode to upright RGB; see `read_photo`."""
    return _to_rgb(ImageOps.exif_transpose(image))


def photo_size(path: str | Path) -> tuple[int, int]:
    """Read the height and width of the upright photo from the file's header alone.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is not an image. Damage behind the header goes unseen.
    """
    path = _existing_file(path)
    try:
        with open_picture(path) as image:
            lying = image.getexif().get(_ORIENTATION) in _LYING
            return image.size if lying else image.size[::-1]
    except Exception as error:  # the decoders raise OSError, SyntaxError, struct.error, ...
        raise _unreadable(path, error) from error


def _existing_file(path: str | Path) -> Path:
    path = located(path)
    if not path.is_file():
        raise FileNotFoundError(f"there is no photo {path}")
    return path


def _unreadable(path: Path, error: Exception) -> ValueError:
    reason = "not an image" if isinstance(error, Image.UnidentifiedImageError) else str(error)
    return ValueError(f"cannot read the photo {path}: {' '.join(reason.split())}")


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I") or image.mode == "F":
        return Image.fromarray(_to_byte(np.asarray(image))).convert("RGB")
    if "transparency" in image.info or image.mode in {"RGBA", "RGBa", "LA", "La", "PA"}:
        return _over_white(image)
    return image if image.mode == "RGB" else image.convert("RGB")


def _to_byte(grey: np.ndarray) -> np.ndarray:
    """Scale 16-bit integers (0..65535) or floats (0..1) to 0..255."""
    whole = 65535 if np.issubdtype(grey.dtype, np.integer) else 1
    if grey.min() < 0 or grey.max() > whole:
        raise ValueError(f"grey values must lie in 0..{whole}, got {grey.min()}..{grey.max()}")
    scaled = np.empty(grey.shape, dtype=np.uint8)
    for top, bottom in _strips(*grey.shape):
        scaled[top:bottom] = np.rint(grey[top:bottom] * (255 / whole))
    return scaled


def _over_white(image: Image.Image) -> Image.Image:
    laid = Image.new("RGB", image.size)
    for top, bottom in _strips(image.height, image.width):
        strip = image.crop((0, top, image.width, bottom)).convert("RGBA")
        white = Image.new("RGBA", strip.size, "white")
        laid.paste(Image.alpha_composite(white, strip).convert("RGB"), (0, top))
    return laid


def _strips(height: int, width: int) -> Iterator[tuple[int, int]]:
    """Yield the first row of every strip of a picture, and the row behind its last."""
    rows = max(1, _AT_ONCE // width)
    return ((top, min(top + rows, height)) for top in range(0, height, rows))
