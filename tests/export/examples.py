"""Masks that formats lose easily, and their files."""

from pathlib import Path

import numpy as np
from data.scenes import write_photo

from getam.export import MaskFile
from getam.report import save_mask

CLASSES = {"cat": 1, "<dog> & co": 3, "Kuh é": 20}
"""Names with signs that JSON, XML and text files treat in their own ways; values with gaps."""


def masks() -> dict[str, np.ndarray]:
    """Return masks by the id of their photo, of different sizes."""
    holes = np.zeros((13, 17), np.uint8)
    holes[1:10, 1:12] = 1
    holes[3:5, 3:5] = 0
    holes[6:9, 4:9] = 3  # another class fills the second hole
    holes[7, 6] = 20  # and has one of a single pixel
    parts = np.zeros((12, 9), np.uint8)
    parts[0:3, 0:3] = parts[3:6, 3:6] = 3  # touch at a corner
    parts[11, 8] = parts[0, 8] = parts[11, 0] = 3
    touching = np.repeat(np.array([[1, 3, 20, 255]], np.uint8), 3, axis=1).repeat(10, axis=0)
    single = np.zeros((11, 10), np.uint8)
    single[5, 5], single[0, 0], single[9, 1] = 1, 3, 255
    rng = np.random.default_rng(0)
    noise = rng.choice(np.array([0, 1, 3, 20, 255], np.uint8), (23, 31))
    ring = np.zeros((9, 9), np.uint8)
    ring[[2, 3, 3, 4], [4, 3, 5, 4]] = 1  # four pixels around a fifth, joined by corners alone
    return {
        "holes": holes,
        "parts": parts,
        "touching": touching,
        "a/single": single,
        "b/with space.x": noise,
        "ring": ring,
        "nothing": np.zeros((8, 8), np.uint8),
        "full": np.full((8, 9), 20, np.uint8),
    }


def write_masks(folder: Path, place: str) -> list[MaskFile]:
    """Write photos and their masks, the masks to ``folder / place``."""
    files = []
    for number, (name, mask) in enumerate(masks().items()):
        photo = write_photo(folder / "photos" / f"{name}.png", mask.shape, seed=number)
        path = folder / place / f"{name}.png"
        save_mask(path, mask)
        files.append(MaskFile(name, photo, path))
    return files
