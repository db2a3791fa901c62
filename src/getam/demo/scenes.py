"""This module draws scenes of real handwritten digits on real photos, with true masks.

Digits: the 8 x 8 test set of UCI's optical recognition data (Alpaydin & Kaynak 1998), written by 13
people. Photos: the two that scikit-learn brings along, as it does the digits; nothing is fetched.
"""

import colorsys
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image

from getam.files import whole_file
from getam.report import save_mask
from getam.vocabulary import BACKGROUND

CLASSES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
QUARTER = 40  # side of the square that holds one digit, pixels; a scene is two by two of them
MOST_DIGITS = 2  # in a scene
DIGIT_SIDES = (33, 40)  # least and greatest side of a digit, pixels
PEN = 0.35  # ink at the edge of a stroke; less ink makes a thicker pen
PATCH_SIDES = (80, 160)  # of the piece of photo behind a scene, pixels
DIMMED = 0.5  # brightness of the photo, so that light digits show on it
UNSEEN = 0.25  # share of the digits and of each photo's width that only "val" scenes show


@dataclass(frozen=True)
class Material:
    """Material is what the scenes of one split are made of.

    Attributes
    ----------
    strokes
        Digits float32 [n, 8, 8], how much ink, 0..1.
    digits
        Which digit each one shows, int [n].
    photos
        Pieces of the photos, uint8 [h, w, 3].
    """

    strokes: np.ndarray
    digits: np.ndarray
    photos: tuple[np.ndarray, ...]


@dataclass(frozen=True)
class Scene:
    """A scene is a picture uint8 [S, S, 3] and its mask uint8 [S, S]: 0 background, digit + 1."""

    image: np.ndarray
    mask: np.ndarray

    @property
    def labels(self) -> list[str]:
        """Names of the digits in the scene, rising."""
        return [CLASSES[value - 1] for value in np.unique(self.mask).tolist() if value]


@cache
def material(split: str) -> Material:
    """Digits and photos of a split; "train" and "val" share neither a digit nor a pixel.

    The data list the digits writer after writer, so most of the unseen ones are by other people.
    """
    from sklearn.datasets import load_digits, load_sample_images

    data, photos = load_digits(), load_sample_images().images
    kept = round(len(data.images) * (1 - UNSEEN))
    part = {"train": slice(None, kept), "val": slice(kept, None)}[split]
    border = round(photos[0].shape[1] * (1 - UNSEEN))
    columns = {"train": slice(None, border), "val": slice(border, None)}[split]
    return Material(
        strokes=(data.images[part] / 16).astype(np.float32),
        digits=data.target[part],
        photos=tuple(photo[:, columns] for photo in photos),
    )


def draw_scene(source: Material, rng: np.random.Generator) -> Scene:
    """Draw one or two different digits, each in its own quarter of a photo."""
    scene = empty_scene(source, 2 * QUARTER, rng)
    count = rng.integers(1, MOST_DIGITS, endpoint=True)
    quarters = rng.choice(4, count, replace=False).tolist()
    digits = rng.choice(len(CLASSES), count, replace=False).tolist()
    for quarter, digit in zip(quarters, digits, strict=True):
        draw_digit(scene, source, digit, corner=divmod(quarter, 2), rng=rng)
    return scene


def draw_single(source: Material, rng: np.random.Generator) -> Scene:
    """Draw one digit on a photo of a quarter's size."""
    scene = empty_scene(source, QUARTER, rng)
    draw_digit(scene, source, int(rng.integers(len(CLASSES))), corner=(0, 0), rng=rng)
    return scene


def empty_scene(source: Material, side: int, rng: np.random.Generator) -> Scene:
    """A random square of a photo, dimmed, and a mask of background; both [side, side]."""
    photo = source.photos[rng.integers(len(source.photos))]
    cut = int(rng.integers(*PATCH_SIDES, endpoint=True))
    top, left = (int(rng.integers(length - cut + 1)) for length in photo.shape[:2])
    patch = Image.fromarray(photo[top : top + cut, left : left + cut])
    image = np.asarray(patch.resize((side, side), Image.Resampling.BOX)) * DIMMED
    return Scene(image.astype(np.uint8), np.full((side, side), BACKGROUND, dtype=np.uint8))


def draw_digit(
    scene: Scene,
    source: Material,
    digit: int,
    *,
    corner: tuple[int, int],
    rng: np.random.Generator,
) -> None:
    """Draw a digit somewhere in a quarter of a scene, which is changed; corner = (row, column)."""
    side = int(rng.integers(*DIGIT_SIDES, endpoint=True))
    top, left = (QUARTER * at + int(rng.integers(QUARTER - side + 1)) for at in corner)
    place = np.s_[top : top + side, left : left + side]
    ink = stroke(source.strokes[rng.choice(np.flatnonzero(source.digits == digit))], side)
    scene.image[place] = blend(scene.image[place], light_colour(rng), ink)
    scene.mask[place][ink > 0.5] = digit + 1


def stroke(digit: np.ndarray, side: int) -> np.ndarray:
    """Enlarge a digit [8, 8] smoothly; ink float32 [side, side] in 0..1, 0.5 at its edge."""
    smooth = Image.fromarray(digit).resize((side, side), Image.Resampling.BICUBIC)
    return np.clip((np.asarray(smooth) - PEN) * 6 + 0.5, 0, 1)


def light_colour(rng: np.random.Generator) -> np.ndarray:
    """A random light colour, whichever the digit: float [3] in 0..255."""
    return np.array(colorsys.hsv_to_rgb(rng.random(), rng.uniform(0, 0.6), 1)) * 255


def blend(patch: np.ndarray, paint: np.ndarray, ink: np.ndarray) -> np.ndarray:
    """Paint [3] over a patch [h, w, 3] where there is ink [h, w]."""
    return np.round(patch + ink[..., None] * (paint - patch)).astype(np.uint8)


SPLITS = {
    "single": (draw_single, "train"),
    "crowded": (draw_scene, "train"),
    "train": (draw_scene, "train"),
    "val": (draw_scene, "val"),
}
"""Name of a split to the function that draws its scenes and to the name of their material."""


def write_scenes(root: str | Path, counts: Mapping[str, int], *, seed: int) -> None:
    """Write scenes as a PASCAL VOC root that :func:`getam.data.open_source` reads.

    Parameters
    ----------
    root
        The folder; files of the same names are replaced.
    counts
        Number of scenes per split, the splits being those of ``SPLITS``.
    seed
        It decides everything. A split's scenes do not depend on which other splits are written.
    """
    root = Path(root)
    labels: dict[str, list[str]] = {}
    for split, count in counts.items():
        draw, name_of_material = SPLITS[split]
        rng = np.random.default_rng((seed, list(SPLITS).index(split)))
        ids = [f"{split}{index:05d}" for index in range(count)]
        for name in ids:
            scene = draw(material(name_of_material), rng)
            labels[name] = scene.labels
            save_scene(root, name, scene)
        _write(root / "ImageSets" / "Segmentation" / f"{split}.txt", "\n".join(ids) + "\n")
    _write(root / "classes.txt", "\n".join(("background", *CLASSES)) + "\n")
    _write(root / "image_labels.json", json.dumps(labels, indent=0))


def save_scene(root: Path, name: str, scene: Scene) -> None:
    """Write picture and mask."""
    photo = root / "JPEGImages" / f"{name}.jpg"
    photo.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(scene.image).save(photo, quality=95)
    save_mask(root / "SegmentationClass" / f"{name}.png", scene.mask)


def _write(path: Path, text: str) -> None:
    with whole_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
