"""Confusion matrix and its ratios against plain loops over pixels."""

import math

import pytest
import torch

from getam.evaluation import ConfusionMatrix, iou, keep_classes, miou, precision, recall


def random_masks(seed, size=4, shape=(9, 13)):
    generator = torch.Generator().manual_seed(seed)
    values = torch.tensor([*range(size), 255])
    truth, prediction = (
        values[torch.randint(size + 1, shape, generator=generator)] for _ in range(2)
    )
    return truth, prediction


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


def test_absent_class_is_nan_and_leaves_the_mean():
    counts = torch.tensor([[6, 0, 2], [0, 0, 0], [0, 0, 4]])
    assert iou(counts).isnan().tolist() == [False, True, False]
    assert miou(counts) == pytest.approx((6 / 8 + 4 / 6) / 2)
    assert math.isnan(miou(torch.zeros(3, 3)))


def test_class_that_is_only_predicted_scores_zero():
    assert iou(torch.tensor([[3, 1], [0, 0]])).tolist() == [0.75, 0.0]


def test_only_leaves_other_truths_out_and_counts_other_predictions_as_misses():
    matrix = ConfusionMatrix(3)
    matrix.update(torch.tensor([[0, 0, 1, 1, 2, 2]]), torch.tensor([[0, 2, 1, 255, 1, 2]]))
    scores = matrix.scores(["background", "cat", "dog"], only=["cat"])
    assert scores.iou == {"background": 0.5, "cat": 1.0}
    assert scores.precision["background"] == 1.0
    assert scores.recall["background"] == 0.5
    assert scores.ignored_share == 1 / 4
    assert scores.pixels == 4


def test_only_keeps_the_order_of_the_names():
    matrix = ConfusionMatrix(3)
    matrix.update(torch.tensor([[0, 1, 2]]), torch.tensor([[0, 1, 2]]))
    names = ["background", "cat", "dog"]
    assert list(matrix.scores(names, only=["dog", "cat", "background"]).iou) == names


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


def test_unknown_class_names_the_nearest():
    with pytest.raises(ValueError, match="'hose' is not one of the classes; did you mean 'horse'"):
        ConfusionMatrix(3).scores(["background", "horse", "dog"], only=["hose"])
    with pytest.raises(ValueError, match="names must be 3 class names, got 1"):
        ConfusionMatrix(3).scores(["background"])
