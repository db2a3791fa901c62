"""Measure a GPU: python benchmarks/accelerator.py [--only ROW ...].

Every row of ``results/accelerator.json`` names the device. Steps, maps, PAMR, the CRF and the
prediction of a folder are timed by events of the device, as the median of several calls. The share
of the bf16 matrix rate divides the operations that were counted while a step ran (matrix products
and convolutions, forward and backward) by its time and by the rate of a large matrix product on
the same device. Host waits are the operations of a step for which the host has to wait for the
device, as torch's own synchronisation check counts them. A row that is finished is not run again.
"""

import argparse
import tempfile
import time
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import torch
from explicit_best import without_parameter_gradients
from memory_fit import FIRST_BLOCK
from predict import predictor_on
from rows import keep_row, read_rows
from step import WEIGHTS, batch_of
from timing import BASE, ROOT, SMALL, TINY, Plan, classifier, draw_classes, normalised
from torch.nn.functional import interpolate
from torch.utils.flop_counter import FlopCounterMode

from getam import activation_maps, crf, refine
from getam.data import list_photos
from getam.inference import output_folder, predict_folder
from getam.network import build_network, checkpoint_blocks
from getam.pseudo_label import Labeller
from getam.training import Step
from getam.training.optimiser import build_optimiser

RESULTS = Path(__file__).with_name("results") / "accelerator.json"
DATA = ROOT.parent / "shared" / "data"
REPEATS = 10
CUDA = torch.device("cuda")
Figures = dict[str, Any]


def timed(function: Callable[[], object], *, repeats: int = REPEATS) -> float:
    """Return the median seconds of a call, between two events of the device."""
    for _ in range(3):
        function()
    taken = []
    for _ in range(repeats):
        began, ended = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        began.record()
        function()
        ended.record()
        torch.cuda.synchronize()
        taken.append(began.elapsed_time(ended) / 1000)
    return median(taken)


def matrix_rate() -> Figures:
    """Measure the operations a second of a large bf16 matrix product."""
    side = 8192
    left, right = (torch.randn(side, side, device=CUDA, dtype=torch.bfloat16) for _ in range(2))
    rate = 2 * side**3 / timed(lambda: left @ right)
    return {"bf16_tflops": round(rate / 1e12)}


def joint_step(name: str, size: int, count: int, *, half: bool, again: bool = False) -> Figures:
    """Measure a joint step as ``getam train`` makes it, beside one of the classifier alone."""
    torch.manual_seed(0)
    network = build_network(name, 20, pretrained=False).train().to(CUDA)
    if again:
        checkpoint_blocks(network, FIRST_BLOCK)
    labeller = Labeller("grad_cam", FIRST_BLOCK, affinity=4, iterations=5, scale=0.5)
    step = Step(network, labeller, WEIGHTS)
    optimiser = build_optimiser(
        step, "adamw", learning_rate=1e-5, head_factor=10, weight_decay=0.05
    )
    photos = Plan(DATA).photos(count, size)
    batch = batch_of(photos, 2).to(CUDA)

    def run(*, joint: bool) -> None:
        with torch.autocast("cuda", torch.bfloat16, enabled=half):
            total = step(batch, joint=joint).losses["total"]
        total.backward()
        optimiser.step()
        optimiser.zero_grad()

    seconds = timed(lambda: run(joint=True))
    torch.cuda.reset_peak_memory_stats()
    run(joint=True)
    torch.cuda.synchronize()
    peak = torch.cuda.max_memory_allocated()
    with FlopCounterMode(display=False) as operations:
        run(joint=True)
    found: Figures = {
        "seconds": round(seconds, 4),
        "photos a second": round(count / seconds, 1),
        "classification step, seconds": round(timed(lambda: run(joint=False)), 4),
        "gigabytes": round(peak / 1e9, 2),
        "host waits": host_waits(lambda: run(joint=True)),
        "tera operations": round(operations.get_total_flops() / 1e12, 3),
    }
    rate = read_rows(RESULTS)["bf16 matrix rate"]["bf16_tflops"]
    found["share of the bf16 rate"] = round(found["tera operations"] / seconds / rate, 3)
    return found


def host_waits(function: Callable[[], object]) -> int:
    """Count how often a call makes the host wait for the device."""
    torch.cuda.synchronize()
    torch.cuda.set_sync_debug_mode("warn")
    try:
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            function()
    finally:
        torch.cuda.set_sync_debug_mode("default")
    return sum("synchroniz" in str(warning.message) for warning in told)


def maps(name: str, size: int, count: int) -> Figures:
    """Measure the maps of 1 or 2 classes a photo beside a plain forward pass, in float32."""
    model = without_parameter_gradients(classifier(name, size)).to(CUDA)
    images = normalised(torch.randint(0, 256, (count, 3, size, size))).to(CUDA)
    classes = draw_classes(count, 2)
    ours = timed(lambda: activation_maps(model, images, classes=classes))
    with torch.inference_mode():
        forward = timed(lambda: model(images))
    return {
        "seconds": round(ours, 4),
        "forward": round(forward, 4),
        "ratio": round(ours / forward, 2),
        "host waits": host_waits(lambda: activation_maps(model, images, classes=classes)),
    }


def pamr() -> Figures:
    """Measure ten iterations of PAMR, two classes of 16 photos of 448."""
    image = Plan(DATA).photos(16, 448)
    coarse = torch.rand(16, 2, 28, 28)
    here = median(host_seconds(lambda: refine(coarse, image)) for _ in range(3))
    image, coarse = image.to(CUDA), coarse.to(CUDA)
    return {
        "seconds": round(timed(lambda: refine(coarse, image)), 4),
        "same on the processor": round(here, 4),
    }


def dense_crf(classes: int) -> Figures:
    """Measure the CRF of the test, ten iterations on a photo of 375 x 500."""
    photo = Plan(DATA).photos(1, 500)[..., :375, :].float()
    blobs = 3 * torch.randn(1, classes, 11, 15)
    likely = interpolate(blobs, photo.shape[-2:], mode="bicubic").softmax(1)
    settings: Any = {**crf.PRESETS["test"], "iterations": 10}
    here = median(host_seconds(lambda: crf.dense_crf(likely, photo, **settings)) for _ in range(3))
    of_processor = crf.dense_crf(likely, photo, **settings)
    likely, photo = likely.to(CUDA), photo.to(CUDA)
    of_device = crf.dense_crf(likely, photo, **settings)
    return {
        "seconds": round(timed(lambda: crf.dense_crf(likely, photo, **settings)), 4),
        "same on the processor": round(here, 4),
        "largest difference": float(f"{(of_device.cpu() - of_processor).abs().max().item():.1e}"),
    }


def host_seconds(function: Callable[[], object]) -> float:
    """Return the seconds of a call that runs on the processor."""
    began = time.perf_counter()
    function()
    return time.perf_counter() - began


def predicted_folder(name: str) -> Figures:
    """Measure a folder of photos to a folder of masks, end to end."""
    with CUDA:
        predictor = predictor_on(name)
    paths = Plan(DATA).photo_paths(600)
    taken = []
    with tempfile.TemporaryDirectory() as folder, torch.inference_mode():
        listed = Path(folder) / "photos.txt"
        listed.write_text("\n".join(map(str, paths)))
        source = list_photos(listed)
        for number in range(2):  # the first one warms up
            masks = output_folder(Path(folder) / f"masks{number}", source, {"verb": "predict"})
            taken.append(host_seconds(partial(predict_folder, predictor, source, masks)))
    return {
        "photos": len(paths),
        "seconds": round(taken[-1], 2),
        "photos a second": round(len(paths) / taken[-1], 1),
    }


CASES: dict[str, Callable[[], Figures]] = {
    "bf16 matrix rate": matrix_rate,
    "joint step, vit_base 448, batch 16, bf16": lambda: joint_step(BASE, 448, 16, half=True),
    "joint step, vit_base 448, batch 16, bf16, checkpointing": lambda: joint_step(
        BASE, 448, 16, half=True, again=True
    ),
    "joint step, vit_base 448, batch 16, float32": lambda: joint_step(BASE, 448, 16, half=False),
    "joint step, vit_small 448, batch 16, bf16": lambda: joint_step(SMALL, 448, 16, half=True),
    "joint step, vit_tiny 224, batch 4, bf16": lambda: joint_step(TINY, 224, 4, half=True),
    "joint step, vit_tiny 224, batch 64, bf16": lambda: joint_step(TINY, 224, 64, half=True),
    "maps, vit_tiny 224, batch 16": lambda: maps(TINY, 224, 16),
    "maps, vit_base 256, batch 16": lambda: maps(BASE, 256, 16),
    "maps, vit_base 448, batch 16": lambda: maps(BASE, 448, 16),
    "pamr, 16 photos of 448": pamr,
    "crf, 3 classes": lambda: dense_crf(3),
    "crf, 21 classes": lambda: dense_crf(21),
    "predict, vit_tiny": lambda: predicted_folder(TINY),
    "predict, vit_base": lambda: predicted_folder(BASE),
}


def main() -> None:
    """Measure the rows that are missing, one after the other."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=list(CASES), default=list(CASES))
    options = parser.parse_args()
    for key in options.only:
        if key in read_rows(RESULTS):
            continue
        try:
            row = CASES[key]()
        except torch.OutOfMemoryError:
            row = {"out of memory": True}
        row |= {"device": torch.cuda.get_device_name(), "torch": torch.__version__}
        keep_row(RESULTS, key, row)
        print(key, row, flush=True)
        torch.cuda.empty_cache()


if __name__ == "__main__":
    main()
