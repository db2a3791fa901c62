"""Pointing game against a loop over every pixel."""

import math

import pytest
import torch

from getam.evaluation import PointingGame

NAMES = ["background", "cat", "dog"]


def is_hit(strength, truth, value, tolerance):
    """Whether any pixel of the object lies within the tolerance of the strongest pixel."""
    height, width = truth.shape
    best = max(((y, x) for y in range(height) for x in range(width)), key=lambda p: strength[p])
    return any(
        truth[y, x] == value and math.dist((y, x), best) <= tolerance
        for y in range(height)
        for x in range(width)
    )


@pytest.mark.parametrize("tolerance", [0, 2, 3.7])
def test_hits_match_a_loop(tolerance):
    game = PointingGame(NAMES, tolerance=tolerance)
    hits = {"cat": [], "dog": []}
    for seed in range(12):
        generator = torch.Generator().manual_seed(seed)
        truth = torch.zeros(9, 11, dtype=torch.uint8)
        truth[seed % 7, 4], truth[8, seed % 11], truth[0] = 1, 2, 255
        maps = torch.rand(2, 9, 11, generator=generator)
        game.update(maps, [1, 0], truth)
        for name, strength, value in (("dog", maps[0], 2), ("cat", maps[1], 1)):
            if (truth == value).any():
                hits[name].append(is_hit(strength, truth, value, tolerance))
    expected = {name: sum(found) / len(found) for name, found in hits.items()}
    assert game.accuracy() == pytest.approx(expected)
    assert 0 < expected["cat"] < 1 or tolerance == 0


def test_a_class_that_the_truth_does_not_show_is_no_game():
    game = PointingGame(NAMES)
    game.update(torch.rand(1, 4, 4), [1], torch.zeros(4, 4, dtype=torch.int64))
    game.update(torch.rand(0, 4, 4), [], torch.ones(4, 4, dtype=torch.int64))
    assert all(math.isnan(share) for share in game.accuracy().values())


def test_shapes_are_checked():
    with pytest.raises(ValueError, match=r"= \(1, 3, 3\), got \(1, 2, 2\)"):
        PointingGame(NAMES).update(torch.zeros(1, 2, 2), [0], torch.zeros(3, 3).long())
