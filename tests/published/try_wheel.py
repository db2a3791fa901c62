"""Train and predict with an installed wheel; `make package` runs this, pytest does not.

    PYTHON_OF_THE_ENVIRONMENT -I tests/published/try_wheel.py

Only getam and what it requires may be imported: a file or a requirement that the package forgot
is missed here. The photos are drawn, so neither a network connection nor a data set is needed.
"""

import importlib.metadata
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

import getam

SIZE = (64, 48)
PHOTOS = 12  # of each class
EXTRAS = ("pytest", "sphinx", "tensorboard", "scikit-image", "transformers", "pydensecrf2")

Shape = Callable[[ImageDraw.ImageDraw, tuple[int, int, int, int], str], None]


def disc(draw: ImageDraw.ImageDraw, box: tuple[int, int, int, int], colour: str) -> None:
    draw.ellipse(box, fill=colour)


def block(draw: ImageDraw.ImageDraw, box: tuple[int, int, int, int], colour: str) -> None:
    draw.rectangle(box, fill=colour)


SHAPES: dict[str, tuple[Shape, str]] = {"disc": (disc, "orange"), "block": (block, "royalblue")}


def draw_photos(root: Path) -> None:
    """Draw a folder of photos per class: one coloured shape on noise."""
    rng = np.random.default_rng(0)
    for name, (shape, colour) in SHAPES.items():
        (root / name).mkdir(parents=True)
        for number in range(PHOTOS):
            noise = rng.integers(60, 120, (SIZE[1], SIZE[0], 3), dtype=np.uint8)
            photo = Image.fromarray(noise)
            left, top = int(rng.integers(0, 36)), int(rng.integers(0, 20))
            shape(ImageDraw.Draw(photo), (left, top, left + 27, top + 27), colour)
            photo.save(root / name / f"{name}{number:02d}.png")


def command(*words: str | Path) -> None:
    """Run ``python -m getam`` isolated from this checkout; a failure ends the try."""
    subprocess.run([sys.executable, "-I", "-m", "getam", *map(str, words)], check=True)


def check_environment() -> None:
    """Make sure that it is the wheel, and nothing but the wheel, that is tried."""
    home = Path(getam.__file__).resolve()
    assert home.is_relative_to(Path(sys.prefix).resolve()), f"{home} is not the installed wheel"
    installed = {d.metadata["Name"].lower() for d in importlib.metadata.distributions()}
    assert not installed.intersection(EXTRAS), f"extras are installed: {installed & set(EXTRAS)}"


def check_masks(masks: Path, photos: Path) -> None:
    """Make sure that every photo has a mask of its own size with known values."""
    for photo in sorted(photos.iterdir()):
        with Image.open(masks / photo.name) as mask:
            assert mask.size == SIZE, f"{mask.filename} is {mask.size}"
            assert np.asarray(mask).max() <= len(SHAPES)


def main() -> None:
    """Train on the drawn photos, predict some of them, and look at what came out."""
    check_environment()
    with tempfile.TemporaryDirectory() as folder:
        photos, run, masks = (Path(folder) / name for name in ("photos", "run", "masks"))
        draw_photos(photos)
        tiny = ("--backbone", "getam_vit_nano", "--no-pretrained", "--crop", "32", "--epochs", "2")
        command("train", "--data", photos, "--out", run, *tiny, "--batch-size", "4")
        command("predict", "--model", run, "--images", photos / "disc", "--out", masks)
        assert set(json.loads((run / "model.json").read_text())["classes"]) == set(SHAPES)
        check_masks(masks, photos / "disc")
    print(f"getam {importlib.metadata.version('getam')}: the wheel trains and predicts")


if __name__ == "__main__":
    main()
