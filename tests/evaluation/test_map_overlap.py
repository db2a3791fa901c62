"""The overlap of single maps equals a loop over maps and thresholds."""

import math

import torch

from getam.evaluation import overlaps

THRESHOLDS = (0.1, 0.25, 0.5, 0.9)


def slow(maps: torch.Tensor, classes: list[int], truth: torch.Tensor) -> list[list[float]]:
    """Threshold each map by itself and divide what is common by what is in either."""
    rows = []
    for strength, index in zip(maps, classes, strict=True):
        inside = truth == index + 1
        row = []
        for threshold in THRESHOLDS:
            found = (strength > threshold) & (truth != 255)
            row.append(((found & inside).sum() / (found | inside).sum()).item())
        rows.append(row)
    return rows


def test_equals_a_loop_and_leaves_out_what_is_ignored() -> None:
    generator = torch.Generator().manual_seed(0)
    maps = torch.rand(2, 7, 9, generator=generator)
    truth = torch.randint(0, 4, (7, 9), generator=generator)
    truth[truth == 3] = 255
    found = overlaps(maps, [0, 1], truth, THRESHOLDS)
    assert torch.allclose(found, torch.tensor(slow(maps, [0, 1], truth), dtype=torch.float64))


def test_a_class_that_the_truth_does_not_show_counts_nothing() -> None:
    found = overlaps(torch.ones(1, 2, 2), [4], torch.zeros(2, 2, dtype=torch.int64), THRESHOLDS)
    assert all(map(math.isnan, found[0].tolist()))
    assert overlaps(torch.zeros(0, 2, 2), [], torch.zeros(2, 2), THRESHOLDS).shape == (0, 4)
