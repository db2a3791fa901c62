"""Small data sets on disk, written for the tests."""

import json
from pathlib import Path

import numpy as np
from PIL import Image

from getam.data import Source

CLASSES = ("cat", "cow", "dog")
LABELS = {
    "a": ("cat",),
    "b": ("dog", "cow"),
    "c": ("cow",),
    "d": (),
    "e": ("dog",),
}


def write_photo(path: Path, size: tuple[int, int] = (24, 32), seed: int = 0) -> Path:
    """Write random colours, ``size`` = (height, width)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (*size, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path)
    return path


def write_mask(path: Path, values: np.ndarray) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.fromarray(values.astype(np.uint8), mode="P")
    image.putpalette([value % 256 for value in range(768)])
    image.save(path)
    return path


def write_voc(root: Path) -> Path:
    """Write five photos of different sizes with labels, masks, saliency and two splits."""
    for number, name in enumerate(LABELS):
        size = (20 + number, 36 - 2 * number)
        write_photo(root / "JPEGImages" / f"{name}.png", size, seed=number)
        values = np.zeros(size)
        for label in LABELS[name]:
            value = CLASSES.index(label) + 1
            values[value * 4 : value * 4 + 3] = value
        values[0] = 255
        write_mask(root / "SegmentationClass" / f"{name}.png", values)
        write_photo(root / "saliency" / f"{name}.jpg", (10, 10), seed=number)
    lists = root / "ImageSets" / "Segmentation"
    lists.mkdir(parents=True)
    (lists / "train.txt").write_text("a\nb\nc\nd\n")
    (lists / "val.txt").write_text("e\n")
    (root / "classes.txt").write_text("\n".join(("background", *CLASSES)) + "\n")
    (root / "image_labels.json").write_text(json.dumps(LABELS))
    return root


def labels_of(source: Source) -> dict[str, tuple[str, ...] | None]:
    return {record.id: record.labels for record in source.records}
