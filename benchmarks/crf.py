"""Speed, agreement and memory of ``getam.crf`` beside pydensecrf2 and brute force, in one run.

    python benchmarks/crf.py [--data FOLDER] [--photos 7] [--threads 2] [--output FILE]

Prints a table and writes it (``benchmarks/results/crf.json``). Needs the extra ``dev`` and the
photos of ``voc2012_animals``. Times are interleaved photo by photo; a ratio is the median of their
ratios.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pydensecrf.densecrf as library
import torch
from PIL import Image
from torch import Tensor

from getam.crf import PRESETS, Settings, dense_crf, dense_energy_loss

ROOT = Path(__file__).resolve().parents[1]
SIZE = (375, 500)
MOST_TIME = {3: 0.5, 21: 0.5}
PEAK = """
import resource, sys
import numpy, torch
from PIL import Image
from getam.crf import PRESETS, dense_crf
torch.set_num_threads(2)
photo = Image.open(sys.argv[1]).convert("RGB").resize((1024, 1024), Image.Resampling.BICUBIC)
image = torch.from_numpy(numpy.array(photo)).permute(2, 0, 1)[None].float()
image = (image + 3 * torch.randn(image.shape)).clamp(0, 255)
probabilities = torch.rand(1, 5, 1024, 1024).softmax(1)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
dense_crf(probabilities, image, **{**PRESETS["test"], "iterations": 2})
print(before, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def row(name: str, ratio: float, target: float, *, at_least: bool = False) -> dict[str, Any]:
    """One line of the table; ``ratio`` must not exceed ``target``, or must reach it."""
    met = ratio >= target if at_least else ratio <= target
    return {"name": name, "ratio": float(f"{ratio:.4g}"), "target": target, "met": bool(met)}


def timed(function: Callable[[], Tensor]) -> tuple[float, Tensor]:
    """Seconds of wall time, and the result."""
    start = time.perf_counter()
    result = function()
    return time.perf_counter() - start, result


def photos(folder: Path, count: int) -> Iterator[Tensor]:
    """Spread over the folder, enlarged to SIZE, [1, 3, H, W] uint8."""
    paths = sorted((folder / "voc2012_animals" / "JPEGImages").glob("*.jpg"))
    for path in paths[:: len(paths) // count][:count]:
        with Image.open(path) as photo:
            pixels = np.array(photo.convert("RGB").resize(SIZE[::-1], Image.Resampling.BICUBIC))
        yield torch.from_numpy(pixels).permute(2, 0, 1)[None]


def made_up(classes: int, seed: int, size: tuple[int, int] = SIZE) -> Tensor:
    """Blobs with a little noise, [1, classes, H, W], as enlarged network outputs are."""
    generator = torch.Generator().manual_seed(seed)
    blobs = torch.randn(1, classes, size[0] // 32, size[1] // 32, generator=generator) * 3
    blobs = torch.nn.functional.interpolate(blobs, size, mode="bicubic")
    return (blobs + 0.5 * torch.randn(1, classes, *size, generator=generator)).softmax(1)


def compiled_crf(probabilities: Tensor, image: Tensor, settings: Settings) -> Tensor:
    """pydensecrf2, [1, C, H, W]."""
    _, classes, height, width = probabilities.shape
    crf = library.DenseCRF2D(width, height, classes)
    crf.setUnaryEnergy(-probabilities.clamp(1e-5, 1).log().view(classes, -1).numpy())
    crf.addPairwiseGaussian(sxy=settings["gaussian_sxy"], compat=settings["gaussian_compat"])
    crf.addPairwiseBilateral(
        sxy=settings["sxy"],
        srgb=settings["srgb"],
        rgbim=np.ascontiguousarray(image[0].permute(1, 2, 0).numpy()),
        compat=settings["compat"],
    )
    inferred = np.array(crf.inference(settings["iterations"]))
    return torch.from_numpy(inferred).view_as(probabilities)


def compare_crf(folder: Path, count: int, preset: str, classes: int) -> list[dict[str, Any]]:
    """Time and agreement over ``count`` photos, ten iterations."""
    settings: Settings = {**PRESETS[preset], "iterations": 10}
    ratios, ours, theirs, agreement, difference = [], [], [], [], []
    for seed, image in enumerate(photos(folder, count + 1)):
        probabilities = made_up(classes, seed)
        mine, found = timed(partial(dense_crf, probabilities, image, **settings))
        other, expected = timed(partial(compiled_crf, probabilities, image, settings))
        if seed == 0:  # warms both up and fills the cache of the spatial kernel
            continue
        ratios.append(mine / other)
        ours.append(mine)
        theirs.append(other)
        agreement.append((found.argmax(1) == expected.argmax(1)).double().mean().item())
        difference.append((found - expected).abs().mean().item())
    name = f"{preset}, {classes} classes"
    print(
        f"{name}: median {median(ours):.3f} s, best {min(ours):.3f} s; "
        f"pydensecrf2 median {median(theirs):.3f} s, best {min(theirs):.3f} s"
    )
    return [
        row(f"time / pydensecrf2, {name}", median(ratios), MOST_TIME[classes]),
        row(f"label agreement (least), {name}", min(agreement), 0.998, at_least=True),
        row(f"mean absolute difference (largest), {name}", max(difference), 1e-3),
    ]


def brute_force_energy(probabilities: Tensor, image: Tensor) -> Tensor:
    """Energy and its gradient from all pairs, 2,048 rows of the kernel at a time."""
    _, _, height, width = image.shape
    place = torch.cartesian_prod(torch.arange(height), torch.arange(width)).float() / 100
    points = torch.cat([place, image[0].flatten(1).mT / 15], 1)
    rows = probabilities[0].flatten(1).mT.contiguous()
    filtered = [
        (torch.cdist(part, points).square_().mul_(-0.5).exp_()) @ rows
        for part in points.split(2048)
    ]
    gate = 1 - rows.amax(1, keepdim=True)
    gradient = -2 * gate * torch.cat(filtered)
    return (gradient * rows).sum() / 2


def energy_forward_backward(probabilities: Tensor, image: Tensor) -> Tensor:
    """The loss at the size given, forward and backward."""
    leaf = probabilities.clone().requires_grad_()
    inside = torch.ones_like(leaf[:, 0], dtype=torch.bool)
    loss = dense_energy_loss(leaf, image, inside, ~inside, scale=1)
    loss.backward()
    return loss.detach()


def compare_energy(folder: Path, count: int) -> list[dict[str, Any]]:
    """Dense energy at 128 x 128 with 21 classes, forward and backward."""
    ratios, ours, theirs = [], [], []
    for seed, photo in enumerate(photos(folder, count)):
        image = torch.nn.functional.interpolate(photo.float(), (128, 128), mode="area")
        probabilities = made_up(21, seed, (128, 128))
        mine, _ = timed(partial(energy_forward_backward, probabilities, image))
        other, _ = timed(partial(brute_force_energy, probabilities, image))
        ratios.append(mine / other)
        ours.append(mine)
        theirs.append(other)
    print(f"energy: median {median(ours):.3f} s, brute force {median(theirs):.3f} s")
    return [row("dense energy / brute force, 128x128x21", median(ratios), 0.5)]


def peak_memory(folder: Path) -> list[dict[str, Any]]:
    """Peak of a fresh process, torch and all, in GB; an enlarged photo with a sensor's noise."""
    photo = min((folder / "voc2012_animals" / "JPEGImages").glob("*.jpg"))
    command = [sys.executable, "-c", PEAK, str(photo)]
    run = subprocess.run(command, capture_output=True, text=True, check=True, timeout=600)
    before, after = (int(word) * 1024 / 1e9 for word in run.stdout.split())
    print(f"peak memory: {after:.2f} GB, {before:.2f} GB of it before the first call")
    return [row("peak memory in GB, 1024x1024, 5 classes", after, 1.5)]


def main() -> None:
    """Run everything, print the table and write it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--photos", type=int, default=7)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--output", type=Path, default=ROOT / "benchmarks/results/crf.json")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    load_before = os.getloadavg()
    rows = compare_energy(arguments.data, arguments.photos) + peak_memory(arguments.data)
    for preset in PRESETS:
        for classes in MOST_TIME:
            rows += compare_crf(arguments.data, arguments.photos, preset, classes)
    for line in rows:
        print("{name:60} {ratio:10.4g} target {target:<6g} met {met}".format(**line))
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    machine = {
        "cores": os.cpu_count(),
        "threads": arguments.threads,
        "load_average_before": load_before,
        "load_average_after": os.getloadavg(),
        "torch": torch.__version__,
        "accelerator": torch.cuda.is_available(),
    }
    arguments.output.write_text(json.dumps({"machine": machine, "rows": rows}, indent=2) + "\n")


if __name__ == "__main__":
    main()
