"""Seconds from a large photo to its mask: python benchmarks/large_photo.py RUN.

One photo of ../shared/data is enlarged to several sizes. The least seconds of some rounds are
printed, with one compute thread.
"""

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path

import torch
from PIL import Image
from timing import ROOT, Plan, seconds

from getam import Predictor
from getam.data import read_photo
from getam.inference.folders import file_values, in_file_values
from getam.report import save_mask

MEGAPIXELS = (0.2, 0.5, 1, 4, 12, 48)
ROUNDS = 3


def main() -> None:
    """Print one row of a Markdown table for each size."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("run", type=Path, help="folder of a trained model")
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    options = parser.parse_args()
    torch.set_num_threads(1)
    predictor = Predictor.load(options.run, device="cpu")
    (small,) = Plan(options.data).photo_paths(1)
    print(f"{len(predictor.classes)} classes, {predictor.view}")
    print(
        "| megapixels | read the file | make the mask | write it |\n| ---: | ---: | ---: | ---: |"
    )
    with tempfile.TemporaryDirectory() as folder:
        for size in MEGAPIXELS:
            file = enlarged_photo(small, size, Path(folder))
            print(f"| {size} | {' | '.join(f'{s:.2f}' for s in stages(predictor, file))} |")


def enlarged_photo(small: Path, megapixels: float, folder: Path) -> Path:
    """Write a photo at another size as a JPEG file, and return the file."""
    photo = Image.open(small).convert("RGB")
    factor = (megapixels * 1e6 / (photo.width * photo.height)) ** 0.5
    file = folder / "photo.jpg"
    photo.resize((round(photo.width * factor), round(photo.height * factor))).save(file)
    return file


def stages(predictor: Predictor, file: Path) -> list[float]:
    """Measure the seconds of reading, of the mask, and of writing it."""
    photo, table = read_photo(file), file_values(predictor.classes)
    mask = in_file_values(predictor(photo).mask, table)
    return [
        least(lambda: read_photo(file).convert("RGB").tobytes()),
        least(lambda: in_file_values(predictor(photo).mask, table)),
        least(lambda: save_mask(file.with_suffix(".png"), mask)),
    ]


def least(function: Callable[[], object]) -> float:
    """Return the least seconds of some calls."""
    return min(seconds(function) for _ in range(ROUNDS))


if __name__ == "__main__":
    main()
