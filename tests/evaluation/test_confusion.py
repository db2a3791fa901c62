"""Confusion matrix and its ratios against plain loops over pixels."""

import pytest
import torch

from getam.evaluation import ConfusionMatrix

from .examples import random_masks


def counts_by_loop(truth, prediction, size):
    counts = [[0] * size for _ in range(size)]
    ignored = [0] * size
    for t, p in zip(truth.flatten().tolist(), prediction.flatten().tolist(), strict=True):
        if t == 255:
            continue
        if p == 255:
            ignored[t] += 1
        else:
            counts[t][p] += 1
    return counts, ignored


@pytest.mark.parametrize("dtype", [torch.uint8, torch.int64])
def test_counts_over_several_images(dtype):
    matrix = ConfusionMatrix(4)
    expected, ignored = torch.zeros(4, 4), torch.zeros(4)
    for seed in range(3):
        truth, prediction = random_masks(seed)
        matrix.update(truth.to(dtype), prediction.to(dtype))
        counts, left_out = counts_by_loop(truth, prediction, 4)
        expected += torch.tensor(counts)
        ignored += torch.tensor(left_out)
    assert matrix.counts.dtype == torch.int64
    assert matrix.counts.tolist() == expected.tolist()
    assert matrix.ignored.tolist() == ignored.tolist()
    assert matrix.images == 3


def test_batch_and_merge_count_the_same_as_single_images():
    pairs = [random_masks(seed) for seed in range(3)]
    single, batch, merged = (ConfusionMatrix(4) for _ in range(3))
    for truth, prediction in pairs:
        single.update(truth, prediction)
        part = ConfusionMatrix(4)
        part.update(truth, prediction)
        merged.merge(part)
    batch.update(torch.stack([t for t, _ in pairs]), torch.stack([p for _, p in pairs]))
    for other in (batch, merged):
        assert torch.equal(single.counts, other.counts)
        assert torch.equal(single.ignored, other.ignored)
        assert other.images == 3


@pytest.mark.parametrize(
    ("truth", "prediction", "message"),
    [
        (torch.zeros(2, 3).long(), torch.zeros(3, 2).long(), r"size \(2, 3\), got \(3, 2\)"),
        (torch.tensor([[3]]), torch.tensor([[0]]), "truth must hold 0..2 or 255, got the value 3"),
        (torch.tensor([[0]]), torch.tensor([[-1]]), "prediction must hold 0..2 or 255"),
        (torch.tensor([[0.5]]), torch.tensor([[0]]), "truth must hold integers, got torch.float32"),
    ],
)
def test_broken_input(truth, prediction, message):
    with pytest.raises(ValueError, match=message):
        ConfusionMatrix(3).update(truth, prediction)
