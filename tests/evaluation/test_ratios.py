"""IoU, precision and recall against sets of pixels."""

import math

import pytest
import torch

from getam.evaluation import ConfusionMatrix, iou, keep_classes, miou, precision, recall

from .examples import random_masks


def test_absent_class_is_nan_and_leaves_the_mean():
    counts = torch.tensor([[6, 0, 2], [0, 0, 0], [0, 0, 4]])
    assert iou(counts).isnan().tolist() == [False, True, False]
    assert miou(counts) == pytest.approx((6 / 8 + 4 / 6) / 2)
    assert math.isnan(miou(torch.zeros(3, 3)))


def test_class_that_is_only_predicted_scores_zero():
    assert iou(torch.tensor([[3, 1], [0, 0]])).tolist() == [0.75, 0.0]


def sets_by_loop(truth, prediction, kept):
    """IoU, precision and recall of each kept class from sets of pixels."""
    scored = [
        (i, t, p)
        for i, (t, p) in enumerate(
            zip(truth.flatten().tolist(), prediction.flatten().tolist(), strict=True)
        )
        if t in kept and p != 255
    ]
    ratios = []
    for c in kept:
        true = {i for i, t, _ in scored if t == c}
        predicted = {i for i, _, p in scored if p == c}
        both = len(true & predicted)
        ratios.append((both / len(true | predicted), both / len(predicted), both / len(true)))
    return [list(column) for column in zip(*ratios, strict=True)]


@pytest.mark.parametrize("kept", [[0, 1, 2, 3], [0, 2], [0, 1, 3]])
def test_ratios_match_sets_of_pixels(kept):
    truth, prediction = random_masks(7)
    matrix = ConfusionMatrix(4)
    matrix.update(truth, prediction)
    counts = keep_classes(matrix.counts, kept)
    expected = sets_by_loop(truth, prediction, kept)
    for ratio, values in zip((iou, precision, recall), expected, strict=True):
        assert ratio(counts).tolist() == pytest.approx(values)
    assert miou(counts) == pytest.approx(sum(expected[0]) / len(kept))
