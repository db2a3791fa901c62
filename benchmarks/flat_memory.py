"""See whether memory stays flat over 5,000 photos: python benchmarks/flat_memory.py.

``getam predict``, ``maps`` and ``label`` run over 5,000 photos of 64 sizes between 100 and 2,000
pixels, in an order drawn at random. The resident memory (VmRSS) of the command and of each process
that reads for it is looked at five times a second. ``growth`` of a row compares the median over the
last 500 photos with that over the photos 500 to 1,000, and ``peak growth`` the highest values of
the second half with those of the photos 500 to 2,750. Aim: at most 1.05.

The photos are those of ``voc2012_animals``, resized, each under many names of one file. The network
is a ViT of six blocks with drawn weights, because what a leak would keep does not depend on them.
A row of ``results/flat_memory.json`` that is finished is not measured again.
"""

import argparse
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import torch
from PIL import Image
from rows import keep_row, read_rows
from timing import CLASSES, ROOT, Plan

from getam.model import Model, View, save_model
from getam.network import build_network
from getam.outputs import MANIFEST
from getam.pseudo_label import Labeller

RESULTS = Path(__file__).with_name("results") / "flat_memory.json"
SIZES = 64
SHORTEST, LONGEST = 100, 2000  # sides of the photos
WORKERS = 2
SETTLED = 500  # photos after which memory is to stay as it is
VERBS = {
    "predict": ("--images", "photos"),
    "maps": ("--images", "photos", "--classes=3,7"),
    "label": ("--data", "tags.csv"),
}


def main() -> None:
    """Measure the verbs that are missing."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=VERBS, default=list(VERBS))
    parser.add_argument("--photos", type=int, default=5000, help="another number keeps nothing")
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    options = parser.parse_args()
    for verb in options.only:
        if options.photos != 5000 or verb not in read_rows(RESULTS):
            row = measured(verb, options.photos, options.data)
            print(verb, row, flush=True)
            if options.photos == 5000:
                keep_row(RESULTS, verb, row)


def measured(verb: str, count: int, data: Path) -> dict[str, Any]:
    """Run a verb over photos in a folder that goes afterwards, and look at its memory."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        write_photos(folder, count, data)
        write_model(folder / "model")
        source, value, *more = VERBS[verb]
        command = [sys.executable, "-m", "getam", verb, str(folder / "model"), source]
        command += [str(folder / value), "--out", str(folder / "out"), "--workers", str(WORKERS)]
        command += more
        start = time.monotonic()
        with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
            samples = list(memory_of(process, folder / "out" / MANIFEST))
        if process.returncode:
            raise SystemExit(f"getam {verb} ended with status {process.returncode}")
    return {
        "photos": count,
        "sizes": SIZES,
        "minutes": round((time.monotonic() - start) / 60, 1),
        "the command": growth([(done, own[0]) for done, own in samples if own], count),
        "reading": growth([(done, sum(own[1:])) for done, own in samples if len(own) > 1], count),
    }


def growth(samples: list[tuple[int, float]], count: int) -> dict[str, float]:
    """Return the megabytes after the first photos and at the end, and their ratios."""

    def between(first: int, last: int) -> list[float]:
        return [size for done, size in samples if first <= done < last]

    middle = (count + SETTLED) // 2
    early, late = between(SETTLED, 2 * SETTLED), between(count - SETTLED, count)
    peaks = max(between(SETTLED, middle)), max(between(middle, count))
    return {
        "megabytes early": round(median(early)),
        "megabytes late": round(median(late)),
        "growth": round(median(late) / median(early), 3),
        "peak growth": round(peaks[1] / peaks[0], 3),
    }


def memory_of(
    process: "subprocess.Popen[bytes]", manifest: Path
) -> Iterator[tuple[int, list[float]]]:
    """Yield how many photos are done, and the megabytes of a process and of its children."""
    while process.poll() is None:
        done = manifest.read_bytes().count(b"\n") if manifest.exists() else 0
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        numbers = [process.pid, *map(int, children.read_text().split())]
        yield done, [size for size in map(megabytes, numbers) if size]
        time.sleep(0.2)


def megabytes(number: int) -> float:
    """Return the resident memory of a process, 0 if it is gone."""
    try:
        lines = Path(f"/proc/{number}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS")), 0.0)


def write_photos(folder: Path, count: int, data: Path) -> None:
    """Write photos of many sizes, each under many names, and their tags."""
    draw = random.Random(0)
    files = []
    (folder / "sizes").mkdir()
    for index, path in enumerate(Plan(data).photo_paths(SIZES)):
        size = tuple(round(SHORTEST * (LONGEST / SHORTEST) ** draw.random()) for _ in "wh")
        files.append(folder / "sizes" / f"{index}.jpg")
        Image.open(path).convert("RGB").resize((size[0], size[1])).save(files[-1], quality=80)
    (folder / "photos").mkdir()
    lines = ["image,labels"]
    for index in range(count):
        os.link(draw.choice(files), folder / "photos" / f"{index:05}.jpg")
        lines.append(f"photos/{index:05}.jpg,{draw.randrange(CLASSES)};{draw.randrange(CLASSES)}")
    (folder / "tags.csv").write_text("\n".join(lines) + "\n")


def write_model(folder: Path) -> None:
    """Write a model of drawn weights, whose masks are noise: the hardest to write."""
    torch.manual_seed(0)
    network = build_network("test_vit", CLASSES, pretrained=False, decoder_width=8)
    classes = {str(index): index + 1 for index in range(CLASSES)}
    labeller = Labeller(first_block=3, scale=0.5)
    save_model(Model(network, classes, View(320), labeller, tag_weight=1.0), folder)


if __name__ == "__main__":
    main()
