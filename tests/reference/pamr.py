"""Pixel-adaptive refinement by plain loops (Araslanov & Roth, CVPR 2020, section 3.3)."""

import math

import numpy as np

RING = [(y, x) for y in (-1, 0, 1) for x in (-1, 0, 1) if (y, x) != (0, 0)]


def slow_refine(maps, image, *, iterations, dilations):
    """Maps [C, H, W] of the image's size and image [3, H, W] in 0..255, both float64 arrays."""
    height, width = image.shape[1:]

    def nearest_inside(y, x):
        return min(max(y, 0), height - 1), min(max(x, 0), width - 1)

    def weights_of(y, x):
        near = [nearest_inside(y + d * dy, x + d * dx) for d in dilations for dy, dx in RING]
        likeness = [0.0] * len(near)
        for channel in image:
            window = [channel[place] for place in near] + [channel[y, x]] * len(dilations)
            sigma = np.std(window, ddof=1)
            for i, place in enumerate(near):
                likeness[i] -= abs(channel[place] - channel[y, x]) / (0.1 * sigma + 1e-8) / 3
        powers = [math.exp(value - max(likeness)) for value in likeness]
        return [(place, power / sum(powers)) for place, power in zip(near, powers, strict=True)]

    weights = {(y, x): weights_of(y, x) for y in range(height) for x in range(width)}
    for _ in range(iterations):
        refined = np.zeros_like(maps)
        for (y, x), neighbours in weights.items():
            for (ny, nx), weight in neighbours:
                refined[:, y, x] += weight * maps[:, ny, nx]
        maps = refined
    return maps
