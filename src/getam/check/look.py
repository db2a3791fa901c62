"""This module opens every photo of a data set once and keeps what the checks need of it."""

import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from math import nan
from pathlib import Path

import imagehash
import numpy as np

from getam.data import Record, read_photo
from getam.this_process import usable_cores

AT_ONCE = 256  # photos handed to the threads; a million at once would fill the memory
BORDER = 10  # the border of a map is a tenth of each side
CENTRE = 4  # its centre lies a quarter inside


@dataclass(frozen=True, slots=True)
class Look:
    """A look is what is kept of one photo and its saliency map.

    Attributes
    ----------
    fault
        Why the photo cannot be read; empty if it can be read.
    size
        Height and width of the upright photo in pixels; (0, 0) if it cannot be read.
    digest
        BLAKE2 of the bytes of the file, so that equal files have equal digests; empty if the photo
        cannot be read.
    fingerprint
        Perceptual hash of 64 bits; photos that look alike differ in few of them.
    map_fault
        Why the saliency map cannot be read; empty if it can be read or if there is none.
    border, centre
        Mean values of the saliency map at its border and in its centre, in 0..255; NaN if there is
        no map.
    """

    fault: str = ""
    size: tuple[int, int] = (0, 0)
    digest: bytes = b""
    fingerprint: int = 0
    map_fault: str = ""
    border: float = nan
    centre: float = nan


def look_at(records: Sequence[Record], *, advance: Callable[[], None]) -> list[Look]:
    """Open photos and their saliency maps, several at a time.

    Parameters
    ----------
    records
        The photos.
    advance
        A function that is called after each photo.

    Returns
    -------
    list of Look
        One for each photo, in their order.
    """
    looks = []
    with ThreadPoolExecutor(usable_cores()) as pool:
        for start in range(0, len(records), AT_ONCE):
            for look in pool.map(_look, records[start : start + AT_ONCE]):
                looks.append(look)
                advance()
    return looks


def _look(record: Record) -> Look:
    look = _look_at_photo(record.image)
    return look if record.saliency is None else _with_map(look, record.saliency)


def _look_at_photo(path: Path) -> Look:
    """Open a photo, or say why it cannot be read."""
    try:
        image = read_photo(path)
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).digest()
    except (OSError, ValueError) as error:
        return Look(str(error))
    bits = imagehash.phash(image).hash.ravel()
    return Look("", image.size[::-1], digest, int.from_bytes(np.packbits(bits).tobytes()))


def _with_map(look: Look, path: Path) -> Look:
    """Return the look with what is kept of the saliency map."""
    try:
        grey = np.asarray(read_photo(path).convert("L"), dtype=np.float64)
    except (OSError, ValueError) as error:
        return replace(look, map_fault=str(error))
    centre = _inner(grey, CENTRE)
    within = _inner(grey, BORDER)
    around = grey.size - within.size
    border = (grey.sum() - within.sum()) / around if around else nan
    return replace(look, border=float(border), centre=float(centre.mean()))


def _inner(grey: np.ndarray, part: int) -> np.ndarray:
    """Return a map without its margin, which is one in ``part`` of each side, at least a pixel."""
    height, width = (max(1, side // part) for side in grey.shape)
    inner = grey[height:-height, width:-width]
    return inner if inner.size else grey
