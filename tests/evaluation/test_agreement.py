"""Agreement of maps and masks against counts by hand."""

import math

import numpy as np
import pytest
import torch
from scipy.stats import entropy as entropy_of_scipy

from getam.evaluation import coverage, entropy, overlap, soft_overlap, true_overlap

MAP = torch.from_numpy(np.random.default_rng(0).random((5, 7)))
MASK = torch.from_numpy(np.random.default_rng(1).random((5, 7)) > 0.6)


def test_overlap_counts_common_pixels_among_all():
    other = MASK.roll(1, 0)
    sets = [{i for i, on in enumerate(mask.flatten().tolist()) if on} for mask in (MASK, other)]
    assert overlap(MASK, other) == len(sets[0] & sets[1]) / len(sets[0] | sets[1])
    assert overlap(MASK, MASK) == 1
    assert overlap(MASK, ~MASK) == 0


def test_two_empty_masks_do_not_agree():
    assert overlap(MASK & False, MASK & False) == 0
    assert soft_overlap(MAP * 0, MASK & False) == 0


def test_soft_overlap_is_a_sum_by_pixel_and_the_overlap_of_hard_maps():
    pairs = list(zip(MAP.flatten().tolist(), MASK.flatten().tolist(), strict=True))
    expected = sum(min(a, b) for a, b in pairs) / sum(max(a, b) for a, b in pairs)
    assert soft_overlap(MAP, MASK) == pytest.approx(expected)
    assert soft_overlap(MASK.double().roll(1), MASK) == pytest.approx(overlap(MASK.roll(1), MASK))


def test_coverage_and_entropy():
    assert coverage(MAP) == pytest.approx(float(MAP.numpy().mean()))
    expected = entropy_of_scipy(MAP.numpy().ravel()) / math.log(35)
    assert entropy(MAP) == pytest.approx(expected)
    assert entropy(MAP * 0) == 1.0
    point = torch.zeros(4, 4)
    point[1, 2] = 0.3
    assert entropy(point) == 0.0


def test_true_overlap_leaves_uncertain_truth_out_and_counts_undecided_as_missed():
    mask = torch.tensor([[1, 1, 255, 2, 1, 0]])
    truth = torch.tensor([[1, 255, 1, 2, 0, 2]])
    assert true_overlap(mask, truth, [0, 1]) == {0: 1 / 3, 1: 1 / 2}
    assert true_overlap(mask, truth, []) == {}
