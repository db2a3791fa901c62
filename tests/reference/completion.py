"""Completion pixel by pixel, for one photo: maps [C, H, W] in 0..1 to a label image [H, W]."""

import numpy as np


def quantile_cut(class_map, share):
    """The value that the top ``share`` of the positive values exceeds."""
    positive = sorted(class_map[class_map > 0])
    return positive[int((1 - share) * len(positive))] if positive else np.inf


def slow_paper(maps, present, saliency, *, power=32, top=0.10, opening=10):
    _, height, width = maps.shape
    label = np.zeros((height, width), dtype=int)
    cuts = [quantile_cut(maps[c], top) if present[c] else np.inf for c in range(len(maps))]
    for y in range(height):
        for x in range(width):
            scores = [maps[c, y, x] if present[c] else 0.0 for c in range(len(maps))]
            best = int(np.argmax(scores))
            if saliency[y, x] > 0.5:
                label[y, x] = 255 if (1 - scores[best]) ** power > scores[best] else best + 1
            if label[y, x] == 0:
                claims = [c + 1 for c in range(len(maps)) if scores[c] > cuts[c]]
                label[y, x] = 0 if not claims else claims[0] if len(claims) == 1 else 255
    label[~slow_opening(label != 0, opening)] = 0
    return label


def slow_opening(foreground, side):
    """The union of all squares inside the foreground; one may reach over the frame.

    The square of a pixel runs from ``side // 2`` before it to ``side - 1 - side // 2`` behind it.
    """
    height, width = foreground.shape
    kept = np.zeros_like(foreground)
    for y in range(height):
        for x in range(width):
            rows = slice(max(0, y - side // 2), y - side // 2 + side)
            columns = slice(max(0, x - side // 2), x - side // 2 + side)
            if foreground[rows, columns].all():
                kept[rows, columns] = True
    return kept


def slow_thresholds(maps, present, *, low=0.25, high=0.55):
    _, height, width = maps.shape
    label = np.zeros((height, width), dtype=int)
    for y in range(height):
        for x in range(width):
            scores = [maps[c, y, x] if present[c] else 0.0 for c in range(len(maps))]
            best = int(np.argmax(scores))
            if scores[best] >= high:
                label[y, x] = best + 1
            elif scores[best] > low:
                label[y, x] = 255
    return label
