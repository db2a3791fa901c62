"""Average precision against a loop over all thresholds, ties included."""

import math

import pytest
import torch

from getam.evaluation import (
    average_precision,
    binned_average_precision,
    mean_average_precision,
)


def by_loop(scores, labels):
    area, recall_before = 0.0, 0.0
    for threshold in sorted(set(scores), reverse=True):
        chosen = [y for s, y in zip(scores, labels, strict=True) if s >= threshold]
        recall = sum(chosen) / sum(labels)
        area += (recall - recall_before) * sum(chosen) / len(chosen)
        recall_before = recall
    return area


@pytest.mark.parametrize("scale", [1.0, 50.0])
def test_matches_the_loop(scale):
    generator = torch.Generator().manual_seed(3)
    scores = torch.randint(8, (30,), generator=generator) * scale
    labels = torch.randint(2, (30,), generator=generator).float()
    expected = by_loop(scores.tolist(), labels.tolist())
    assert average_precision(scores, labels) == pytest.approx(expected)


def test_mean_leaves_out_classes_without_a_positive():
    scores = torch.tensor([[0.9, 0.1], [0.2, 0.3], [0.8, 0.7]])
    labels = torch.tensor([[1, 0], [1, 0], [0, 0]])
    expected = by_loop([0.9, 0.2, 0.8], [1, 1, 0])
    assert mean_average_precision(scores, labels) == pytest.approx(expected)
    assert math.isnan(mean_average_precision(scores, torch.zeros(3, 2)))


def test_counts_in_bins_equal_labels_with_those_scores():
    generator = torch.Generator().manual_seed(5)
    bins = torch.randint(8, (60, 3), generator=generator)
    labels = torch.randint(2, (60, 3), generator=generator)
    labels[:, 2] = 0  # a class without a positive
    counts = torch.zeros(3, 2, 8, dtype=torch.int64)
    for row in range(60):
        for index in range(3):
            counts[index, labels[row, index], bins[row, index]] += 1
    expected = mean_average_precision(bins.float(), labels)
    assert binned_average_precision(counts) == pytest.approx(expected)
    assert math.isnan(binned_average_precision(counts[2:]))
    always = counts[:1].clone()
    always[:, 0] = 0  # a class that every photo shows
    assert binned_average_precision(torch.cat([always, counts])) == pytest.approx(expected)


def test_what_is_unknown_is_left_out():
    scores = torch.tensor([[0.9, 0.1], [0.8, 0.3], [0.2, 0.7]])
    labels = torch.tensor([[1, 1], [0, 0], [1, 0]])
    known = torch.tensor([[True, False], [False, True], [True, True]])
    assert mean_average_precision(scores, labels, known) == 1
    assert mean_average_precision(scores, labels) == pytest.approx(
        (by_loop([0.9, 0.8, 0.2], [1, 0, 1]) + by_loop([0.1, 0.3, 0.7], [1, 0, 0])) / 2
    )
    assert math.isnan(mean_average_precision(scores, labels, torch.zeros(3, 2) > 0))
    with pytest.raises(ValueError, match=r"known must be \(3, 2\), got \(3,\)"):
        mean_average_precision(scores, labels, known[:, 0])


def test_broken_input():
    with pytest.raises(ValueError, match=r"must be \[N\], got \(2,\) and \(3,\)"):
        average_precision(torch.zeros(2), torch.zeros(3))
    with pytest.raises(ValueError, match=r"must be \[N, C\]"):
        mean_average_precision(torch.zeros(2), torch.zeros(2))
    with pytest.raises(ValueError, match="finite"):
        average_precision(torch.tensor([torch.nan]), torch.ones(1))
