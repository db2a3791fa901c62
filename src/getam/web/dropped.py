"""A file that somebody dropped on the page is read as a photo, within limits."""

from pathlib import Path

from PIL import Image

from getam.data import read_photo
from getam.open_picture import open_picture

MOST_MEBIBYTES = 32
"""A larger file is refused before it is stored."""

MOST_PIXELS = 50_000_000
"""A photo with more pixels is refused by its header, before it is decoded."""

MOST_SIDE = 1600
"""A photo is reduced to this long side: more would slow the page and show nothing more."""


def open_dropped(path: str | Path) -> Image.Image:
    """Read a dropped file as an upright RGB photo of at most 1600 pixels on its long side.

    Raises
    ------
    ValueError
        If the file is not a photo or is broken, or if it has more than 32 MiB or 50 million pixels.
        The message is one line that names the file without its folder.
    """
    path = Path(path)
    if path.stat().st_size > MOST_MEBIBYTES * 2**20:
        raise ValueError(f"{path.name} has more than {MOST_MEBIBYTES} MB: drop a smaller file")
    width, height = size_in_header(path)
    if height * width > MOST_PIXELS:
        raise ValueError(
            f"{path.name} has {width} x {height} pixels, and the page takes at most "
            f"{MOST_PIXELS // 10**6} million: drop a smaller photo"
        )
    try:
        photo = read_photo(path)
    except ValueError as error:
        raise ValueError(str(error).replace(str(path), path.name)) from error
    photo.thumbnail((MOST_SIDE, MOST_SIDE), Image.Resampling.LANCZOS)
    return photo


def size_in_header(path: Path) -> tuple[int, int]:
    """Return width and height without decoding anything; (0, 0) if the file is no photo."""
    try:
        with open_picture(path) as picture:
            return picture.size
    except Exception:  # whatever it is, `read_photo` says it in one line
        return (0, 0)
