"""How time and memory of maps and prediction grow with photos and pixels."""

from collections.abc import Callable
from functools import partial
from math import log

import torch
from timing import (
    CLASSES,
    TINY,
    Plan,
    Row,
    classifier,
    draw_classes,
    interleaved,
    normalised,
    peak_memory,
    row,
)
from torch import Tensor

from getam import activation_maps
from getam.network import build_network

Run = Callable[[Tensor], object]
TIME_TARGET = 1.15  # per photo in a batch of 8, relative to one alone
MEMORY_TARGET = 1.15  # exponent of memory over tokens; 1 is linear, 2 would be an N x N matrix


def runs(size: int) -> dict[str, Run]:
    """Maps of two classes a photo, and mask logits."""
    model = classifier(TINY, size)
    network = build_network(TINY, CLASSES, pretrained=False, mask_stride=2).eval()

    def maps(images: Tensor) -> None:
        activation_maps(model, images, classes=[draw_classes(2, 2)[1]] * len(images))

    def prediction(images: Tensor) -> None:
        with torch.inference_mode():
            network(images)

    return {"maps": maps, "prediction": prediction}


def over_photos(plan: Plan, counts: tuple[int, ...], size: int) -> tuple[list[Row], list[Row]]:
    """Time per photo of 1, 2, 4 and 8 photos."""
    images = normalised(plan.photos(counts[-1], size))
    lines, points = [], []
    for name, run in runs(size).items():
        sides = [partial(run, images[:count]) for count in counts]
        best = [min(times) for times in interleaved(*sides, repeats=5)]
        each = [time / count for time, count in zip(best, counts, strict=True)]
        points += [
            {"of": name, "photos": count, "pixels": size, "seconds a photo": round(time, 4)}
            for count, time in zip(counts, each, strict=True)
        ]
        lines.append(
            row(
                f"growth, {name}: seconds a photo, {counts[-1]} at once / alone",
                each[-1] / each[0],
                TIME_TARGET,
            )
        )
    return lines, points


def over_pixels(plan: Plan, sizes: tuple[int, ...]) -> tuple[list[Row], list[Row]]:
    """Time and peak memory of one photo from 224 to 1024 pixels."""
    lines, points = [], []
    for name in ("maps", "prediction"):
        peaks = []
        for size in sizes:
            image = normalised(plan.photos(1, size))
            run = runs(size)[name]
            [times] = interleaved(partial(run, image), repeats=3)
            peaks.append(peak_memory(name, model=TINY, size=size))
            points.append(
                {
                    "of": name,
                    "photos": 1,
                    "pixels": size,
                    "seconds a photo": round(min(times), 4),
                    "megabytes": round(peaks[-1], 1),
                }
            )
        # Between the two largest, where what a process needs for itself no longer shows.
        exponent = log(peaks[-1] / peaks[-2]) / log((sizes[-1] / sizes[-2]) ** 2)
        lines.append(
            row(f"growth, {name}: exponent of memory over tokens", exponent, MEMORY_TARGET)
        )
    return lines, points


def rows_and_points(plan: Plan) -> tuple[list[Row], dict[str, list[Row]]]:
    """Targets, and every measured point."""
    counts, sizes = ((1, 2), (96, 224)) if plan.quick else ((1, 2, 4, 8), (224, 448, 672, 1024))
    photo_rows, photo_points = over_photos(plan, counts, sizes[0])
    pixel_rows, pixel_points = over_pixels(plan, sizes)
    return photo_rows + pixel_rows, {"growth": photo_points + pixel_points}
