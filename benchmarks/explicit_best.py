"""Exact maps against the best explicit way: python benchmarks/explicit_best.py [--only NAME ...].

The other side is attention written out as well as a good engineer would: blocks that do not count
run fused and without a graph, no parameter has a gradient, one graph serves the batch, and one
``autograd.grad`` on the attention that counts serves the k-th class of every photo. Time is taken
in one process, where the sides take turns. Memory is what one call adds to the peak of a fresh
process. A row of ``results/explicit_best.json`` says how busy the machine was (cores in use by
other processes), and is measured again where that was more than a tenth of a core.
"""

import argparse
import time
from pathlib import Path
from statistics import median
from typing import Any

import torch
import torch.nn.functional as F
from rows import keep_row, read_rows
from timing import (
    BASE,
    SMALL,
    THREADS,
    TINY,
    classifier,
    draw_classes,
    interleaved,
    largest_difference,
    normalised,
    others_seconds,
    peak_memory,
)
from torch import Tensor, nn

from getam import activation_maps

RESULTS = Path(__file__).with_name("results") / "explicit_best.json"
SIZES = [(TINY, 224), (SMALL, 448), (BASE, 256), (BASE, 448)]
CASES = [(*net, count) for net in SIZES for count in (1, 4, 16)] + [(SMALL, 1024, 1)]
BUSY = 0.1  # cores that others may use during a row
MOST = 2  # labels of a photo


def explicit_best(model: Any, images: Tensor, classes: list[list[int]]) -> list[Tensor]:
    """Return the maps [K, N] of every photo, by attention written out in the blocks that count."""
    counted = len(model.blocks) // 2
    matrices: list[Tensor] = []
    fused = F.scaled_dot_product_attention

    def written_out(query: Tensor, key: Tensor, value: Tensor, **_: object) -> Tensor:
        matrix = (query * query.shape[-1] ** -0.5 @ key.transpose(-2, -1)).softmax(-1)
        matrices.append(matrix if matrix.requires_grad else matrix.requires_grad_())
        return matrices[-1] @ value

    with torch.no_grad():
        tokens = model.norm_pre(model.patch_drop(model._pos_embed(model.patch_embed(images))))
        tokens = model.blocks[:counted](tokens)
    setattr(F, "scaled_dot_product_attention", written_out)  # noqa: B010 - mypy knows its type
    try:
        tokens = model.blocks[counted:](tokens)
    finally:
        setattr(F, "scaled_dot_product_attention", fused)  # noqa: B010
    logits = model.forward_head(model.norm(tokens))
    return maps_of(logits, matrices, classes)


def maps_of(logits: Tensor, matrices: list[Tensor], classes: list[list[int]]) -> list[Tensor]:
    """Run one backward pass for the k-th class of every photo, and sum GETAM's maps of blocks."""
    most = max(map(len, classes))
    own: list[list[Tensor]] = [[] for _ in classes]
    for slot in range(most):
        has = [image for image, indices in enumerate(classes) if len(indices) > slot]
        score = logits[has, [classes[image][slot] for image in has]].sum()
        gradients = torch.autograd.grad(score, matrices, retain_graph=slot + 1 < most)
        maps = torch.zeros(len(classes), matrices[0].shape[-1])
        for matrix, gradient in zip(matrices, gradients, strict=True):
            row, slope = matrix.detach()[:, :, 0], gradient[:, :, 0]  # of the class token
            maps += (slope * row).relu().mean(1) * slope.relu().mean(1)
        for image in has:
            own[image].append(maps[image, 1:])
    return [torch.stack(maps) for maps in own]


def without_parameter_gradients(model: nn.Module) -> nn.Module:
    """Return a model none of whose parameters asks for a gradient."""
    return model.requires_grad_(requires_grad=False)


def measured(name: str, size: int, count: int) -> dict[str, Any]:
    """Return times and peaks of both sides for one network, size and batch."""
    model = without_parameter_gradients(classifier(name, size))
    images = normalised(torch.randint(0, 256, (count, 3, size, size)))
    classes = draw_classes(count, MOST)
    made: dict[str, list[Tensor]] = {}

    def ours() -> None:
        made["ours"] = activation_maps(model, images, classes=classes)

    def best() -> None:
        made["explicit"] = explicit_best(model, images, classes)

    def forward() -> None:
        with torch.inference_mode():
            model(images)

    began, used = time.monotonic(), others_seconds()
    times = [median(side) for side in interleaved(ours, best, forward, repeats=5)]
    busy = (others_seconds() - used) / (time.monotonic() - began)
    peaks = [
        peak_memory(case, model=name, size=size, count=count) for case in ("maps", "written_out")
    ]
    return {
        "ours": round(times[0], 4),
        "explicit_best": round(times[1], 4),
        "forward": round(times[2], 4),
        "ours_mb": round(peaks[0]),
        "explicit_best_mb": round(peaks[1]),
        "difference": largest_difference(**made),
        "threads": torch.get_num_threads(),
        "instructions": torch.backends.cpu.get_cpu_capability(),
        "others_busy": round(busy, 2),
    }


def main() -> None:
    """Measure the rows that are missing or were disturbed."""
    names = {
        f"{name.removesuffix('_patch16_224')} {size}, {n}": (name, size, n)
        for name, size, n in CASES
    }
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=list(names), default=list(names))
    parser.add_argument("--threads", type=int, default=THREADS)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    for key in options.only:
        known = read_rows(RESULTS).get(key)
        if known is None or known["others_busy"] > BUSY:
            row = measured(*names[key])
            keep_row(RESULTS, key, row)
            print(key, row, flush=True)


if __name__ == "__main__":
    main()
