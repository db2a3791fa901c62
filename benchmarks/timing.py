"""What the benchmarks share: interleaved timing, peak memory of a fresh process, photos, rows."""

import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import timm
import torch
from PIL import Image
from torch import Tensor

ROOT = Path(__file__).resolve().parents[1]
THREADS = 2
CLASSES = 20
BASE, SMALL, TINY = (f"vit_{size}_patch16_224" for size in ("base", "small", "tiny"))

sys.path.append(str(ROOT / "tests"))  # the slow versions that the tests compare with
Row = dict[str, Any]


@dataclass(frozen=True)
class Plan:
    """Where the photos and a trained model are, and whether this is only a try on small sizes."""

    data: Path
    model: Path | None = None
    quick: bool = False

    def photo_paths(self, count: int) -> list[Path]:
        """``count`` photos spread over the folder."""
        paths = sorted((self.data / "voc2012_animals" / "JPEGImages").glob("*.jpg"))
        if not paths:
            raise FileNotFoundError(f"data: no photos in {self.data}: give their folder by --data")
        return paths[:: len(paths) // count][:count]

    def photos(self, count: int, size: int) -> Tensor:
        """Photos as squares, uint8 [count, 3, size, size]."""
        pictures = [Image.open(path).convert("RGB") for path in self.photo_paths(count)]
        arrays = [np.array(picture.resize((size, size))) for picture in pictures]
        return torch.from_numpy(np.stack(arrays)).movedim(-1, 1).contiguous()


def row(name: str, ratio: float, target: float, *, at_least: bool = False, **seconds: float) -> Row:
    """One line of the table; ``ratio`` must not exceed ``target``, or must reach it."""
    met = ratio >= target if at_least else ratio <= target
    measured = {key: float(f"{value:.4g}") for key, value in seconds.items()}
    bound = {"at_least": True} if at_least else {}
    return {"name": name, "ratio": float(f"{ratio:.4g}"), "target": target, "met": bool(met)} | (
        bound | measured
    )


def seconds(function: Callable[[], object]) -> float:
    """Wall time of one call."""
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def others_seconds() -> float:
    """Return the processor seconds that other processes have used since the machine started.

    Processes that this one began and has waited for are its own.
    """
    words = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]
    user, nice, system = (int(word) / os.sysconf("SC_CLK_TCK") for word in words[:3])
    return user + nice + system - sum(os.times()[:4])


def interleaved(
    *sides: Callable[[], object], repeats: int, warm_up: bool = True
) -> list[list[float]]:
    """Seconds of every side, [sides][repeats]; the sides take turns, so that both meet one load."""
    for side in sides if warm_up else ():
        side()
    rounds = [[seconds(side) for side in sides] for _ in range(repeats)]
    return [list(column) for column in zip(*rounds, strict=True)]


def median_ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """Median over the rounds of ours / theirs."""
    return median(a / b for a, b in zip(ours, theirs, strict=True))


def largest_difference(ours: list[Tensor], explicit: list[Tensor]) -> float:
    """Relative to the largest value of each map."""
    pairs = [(a.flatten(1), b) for a, b in zip(ours, explicit, strict=True)]
    return max(((a - b).abs().amax(1) / b.amax(1)).max().item() for a, b in pairs)


def peak_memory(case: str, **settings: object) -> float:
    """Megabytes that a case of ``memory_cases.py`` adds at its peak, in a fresh process."""
    words = [f"{name}={value}" for name, value in settings.items()]
    command = [sys.executable, str(ROOT / "benchmarks" / "memory_cases.py"), case, *words]
    run = subprocess.run(command, capture_output=True, text=True, timeout=600)
    if run.returncode:
        raise RuntimeError(f"{' '.join(command)} failed: {run.stderr.strip().splitlines()[-1]}")
    return float(run.stdout.split()[-1])


def classifier(name: str, size: int) -> Any:
    """A timm ViT with drawn weights: speed does not depend on them."""
    torch.manual_seed(0)
    return timm.create_model(name, img_size=size, num_classes=CLASSES).eval()


def normalised(images: Tensor) -> Tensor:
    """Photos 0..255 as a ViT wants them."""
    return images.float() / 127.5 - 1


def draw_classes(count: int, most: int) -> list[list[int]]:
    """1 to ``most`` class indices per photo, every number of labels as often as the next."""
    draw = random.Random(0)
    return [sorted(draw.sample(range(CLASSES), 1 + i % most)) for i in range(count)]
