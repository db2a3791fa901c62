"""Measure what grows with the number of photos: python benchmarks/scale.py.

What every shard does before its first photo is timed on lists of 100,000 and a million photos: it
lists them, finds the place of each, and opens the output folder. The photos are many names of one
file in a folder of memory or of the disk (``--folder``), because nothing is decoded. The masks are
those of ``voc2012_animals``, drawn by people, in the ways in which they can be stored. Rows go to
``results/scale.json``, from which ``tables.py`` writes the plan of docs/scale.md.
"""

import argparse
import io
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import mean
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image
from pycocotools import mask as coder
from rows import keep_row, read_rows
from timing import ROOT

from getam.data import list_photos
from getam.inference import output_folder
from getam.shard import Shard

RESULTS = Path(__file__).with_name("results") / "scale.json"
COUNTS = (100_000, 1_000_000)
FOLDERS = 1000  # that the photos of a list lie in


def main() -> None:
    """Measure the rows that are missing."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--folder", type=Path, help="where the photos of the lists are made")
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--list", type=Path, help="(this program itself) a folder to be opened")
    options = parser.parse_args()
    if options.list:
        print(open_list(options.list))
        return
    for count in COUNTS:
        if f"{count} photos" not in read_rows(RESULTS):
            keep_row(RESULTS, f"{count} photos", opened(count, options.folder))
    for name, stored in STORED.items():
        paths = sorted((options.data / "voc2012_animals" / "SegmentationClassAug").glob("*.png"))
        sizes = [stored(Image.open(path)) for path in paths]
        keep_row(RESULTS, name, {"masks": len(sizes), "bytes": round(mean(sizes))})


def opened(count: int, folder: Path | None) -> dict[str, float]:
    """Make a folder of photos and let a process of its own open it."""
    with TemporaryDirectory(dir=folder) as name:
        photo = Path(name) / "photo.jpg"
        Image.new("RGB", (64, 64)).save(photo)
        for index in range(FOLDERS):
            (Path(name) / "photos" / f"{index:03}").mkdir(parents=True)
        for index in range(count):
            os.link(photo, Path(name) / "photos" / f"{index % FOLDERS:03}" / f"{index:07}.jpg")
        command = [sys.executable, __file__, "--list", name]
        lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    seconds, megabytes = map(float, lines.split())
    return {"photos": count, "seconds": seconds, "megabytes": megabytes}


def open_list(folder: Path) -> str:
    """Do what ``getam predict --shard 1/64`` does before its first photo."""
    began, before = time.monotonic(), peak()
    photos = list_photos(folder / "photos")
    output_folder(folder / "masks", photos, {"verb": "predict"}, shard=Shard(1, 64))
    return f"{time.monotonic() - began:.1f} {peak() - before:.0f}"


def peak() -> float:
    """Return the largest memory of this process so far, in megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def as_png(mask: Image.Image) -> int:
    """Return the bytes of the palette PNG that getam writes."""
    file = io.BytesIO()
    mask.save(file, "png")
    return file.tell()


def as_run_lengths(mask: Image.Image) -> int:
    """Return the bytes of the compressed run lengths of COCO, of all classes."""
    values = np.asarray(mask)
    found = [value for value in np.unique(values) if value]
    regions = (np.asfortranarray(values == value).astype(np.uint8) for value in found)
    return sum(len(coder.encode(region)["counts"]) for region in regions)


def as_pixels(mask: Image.Image) -> int:
    """Return the bytes without any compression: one per pixel."""
    return mask.width * mask.height


STORED: dict[str, Callable[[Image.Image], int]] = {
    "palette PNG": as_png,
    "run lengths of COCO": as_run_lengths,
    "one byte per pixel": as_pixels,
}
"""The size of a mask by the way in which it is stored."""


if __name__ == "__main__":
    main()
