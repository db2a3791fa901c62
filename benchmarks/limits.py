"""Memory of the largest photos that are read, and processor time of long label files and of checks.

    python benchmarks/limits.py

The figures go to `benchmarks/results/limits.json`, and `docs/hostile_input.md` quotes them.
"""

import csv
import json
import os
import pickle
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from rows import keep_row

from getam.data import read_labels, read_photo
from getam.data.photo import check_photo

RESULT = Path(__file__).parent / "results" / "limits.json"
SIDE = 13_377  # its square is the largest that is read
ROWS = 1_000_000
PHOTOS = 200
NAMES = ("cat", "dog", "person")


def main() -> None:
    """Measure each in a process of its own, print it, and keep it."""
    Image.MAX_IMAGE_PIXELS = None  # to write what is too large to be read
    with tempfile.TemporaryDirectory() as folder:
        parts = (photos, labels, checks)
        for name, work in chain.from_iterable(part(Path(folder)) for part in parts):
            row = measured(work)
            print(name, json.dumps(row), flush=True)
            keep_row(RESULT, name, row)


def measured(work: Callable[[], object]) -> dict[str, Any]:
    """Run work in a process of its own. Return its processor time and what memory it added."""
    read, write = os.pipe()
    if os.fork() == 0:
        Image.MAX_IMAGE_PIXELS = 89_478_485
        before, began = peak(), time.process_time()
        try:
            work()
            said = "done"
        except ValueError as error:
            said = str(error).partition(": ")[2][:60]
        seconds = time.process_time() - began
        row = {"megabytes": round(peak() - before), "seconds": round(seconds, 2), "outcome": said}
        os.write(write, json.dumps(row).encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as said_by:
        row = json.load(said_by)
    os.wait()
    return dict(row)


def peak() -> float:
    """Return the most memory that this process has had, in MB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 1024


def photos(folder: Path) -> Iterator[tuple[str, Callable[[], object]]]:
    """Yield the reading of one photo of 178.9 megapixels of every kind, and of one of 400."""
    turned = Image.Exif()
    turned[0x0112] = 6
    size = (SIDE, SIDE)
    kinds: dict[str, Callable[[Path], None]] = {
        "grey.png": lambda path: Image.new("L", size).save(path),
        "colour.jpg": lambda path: Image.new("RGB", size).save(path),
        "turned.jpg": lambda path: Image.new("RGB", size).save(path, exif=turned),
        "cmyk.jpg": lambda path: Image.new("CMYK", size).save(path),
        "alpha.png": lambda path: Image.new("RGBA", size).save(path),
        "16 bits.png": lambda path: Image.fromarray(np.zeros(size, np.uint16)).save(path),
        "floats.tif": lambda path: Image.fromarray(np.zeros(size, np.float32)).save(path),
        "20000 x 20000.png": lambda path: Image.new("1", (20_000, 20_000)).save(path),
    }
    for name, write in kinds.items():
        path = folder / name
        measured(lambda path=path, write=write: write(path))  # type: ignore[misc]
        yield f"read {name}", lambda path=path: read_photo(path)  # type: ignore[misc]
        if name == "colour.jpg":
            yield f"check {name}", lambda path=path: check_photo(path)  # type: ignore[misc]
        path.unlink()


def labels(folder: Path) -> Iterator[tuple[str, Callable[[], object]]]:
    """Yield the reading of label files of a million rows."""
    ids = [f"photos/{number:07d}" for number in range(ROWS)]
    with (folder / "a.csv").open("w") as file:
        rows = ([name, NAMES[number % 3]] for number, name in enumerate(ids))
        csv.writer(file).writerows([["image", "labels"], *rows])
    (folder / "a.json").write_text(json.dumps({n: [NAMES[i % 3]] for i, n in enumerate(ids)}))
    with (folder / "a.npy").open("wb") as npy:
        header = {"descr": "|O", "fortran_order": False, "shape": ()}
        np.lib.format.write_array_header_1_0(npy, header)
        vectors = np.eye(20, dtype=np.float32)
        pickle.dump(np.array({n: vectors[i % 20] for i, n in enumerate(ids)}, dtype=object), npy)
    for ending in ("csv", "json", "npy"):
        path = folder / f"a.{ending}"
        yield f"labels of a million rows, {ending}", lambda path=path: read_labels(path)  # type: ignore[misc]


def checks(folder: Path) -> Iterator[tuple[str, Callable[[], object]]]:
    """Yield the check before a run, of JPEG photos of two sizes."""
    noise = np.random.default_rng(0).integers(0, 256, (30, 40, 3), dtype=np.uint8)
    for size in ((500, 375), (4000, 3000)):
        path = folder / f"{size[0]}.jpg"
        Image.fromarray(noise).resize(size, Image.Resampling.BICUBIC).save(path, quality=90)
        count = PHOTOS if size[0] < 1000 else PHOTOS // 10
        yield (
            f"check {count} JPEG of {size[0]} x {size[1]}",
            lambda path=path, count=count: check_often(path, count),  # type: ignore[misc]
        )


def check_often(path: Path, count: int) -> None:
    """Check one photo many times."""
    for _ in range(count):
        check_photo(path)


if __name__ == "__main__":
    main()
