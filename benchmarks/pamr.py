"""PAMR of the present classes against the plain convolution form on all of them."""

from statistics import median

import torch
from plain_pamr import convolved_pamr
from timing import CLASSES, Plan, Row, interleaved, median_ratio, peak_memory, row

from getam import refine


def rows(plan: Plan) -> list[Row]:
    """Speed, agreement and peak memory; two of twenty classes present."""
    size, count = (64, 2) if plan.quick else (256, 4)
    image = plan.photos(count, size)
    coarse = torch.rand(count, CLASSES, size // 16, size // 16)
    present = coarse[:, :2].contiguous()
    ours, theirs = interleaved(
        lambda: refine(present, image), lambda: convolved_pamr(coarse, image), repeats=3
    )
    difference = (refine(present, image) - convolved_pamr(present, image)).abs().max().item()
    name = f"PAMR, 2 of {CLASSES} classes, {count} photos of {size}"
    memory = peak_memory("pamr", size=size, count=count, labels=2)
    plain_memory = peak_memory("plain_pamr", size=size, count=count)
    return [
        row(
            f"{name}: plain convolution / ours",
            1 / median_ratio(ours, theirs),
            15,
            at_least=True,
            seconds=median(ours),
            other_seconds=median(theirs),
        ),
        row(f"{name}: largest difference", difference, 1e-5),
        row(
            f"{name}: peak memory ours / plain",
            memory / plain_memory,
            0.25,
            megabytes=memory,
            other_megabytes=plain_memory,
        ),
    ]
