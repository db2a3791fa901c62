"""Seed curve: one histogram against a confusion matrix made anew at every threshold."""

import pytest
import torch

from getam.evaluation import ConfusionMatrix, SeedCurve
from getam.evaluation.seed_curve import THRESHOLDS

NAMES = ["background", "cat", "dog", "cow"]
CASES = [[0, 2], [1], [], [2, 0, 1]]


def random_case(seed, classes):
    generator = torch.Generator().manual_seed(seed)
    maps = torch.rand(len(classes), 6, 7, generator=generator)
    values = torch.tensor([0, 1, 2, 3, 255])
    return maps, values[torch.randint(5, (6, 7), generator=generator)]


def mask_by_loop(maps, classes, threshold):
    mask = torch.zeros(6, 7, dtype=torch.int64)
    for y in range(6):
        for x in range(7):
            best = threshold
            for values, c in zip(maps, classes, strict=True):
                if values[y, x] > best:
                    best, mask[y, x] = values[y, x], c + 1
    return mask


@pytest.mark.parametrize("only", [None, ["dog", "cow"]])
def test_scores_match_one_pass_per_threshold(only):
    curve = SeedCurve(NAMES)
    cases = [(*random_case(seed, classes), classes) for seed, classes in enumerate(CASES)]
    for maps, truth, classes in cases:
        curve.update(maps, classes, truth)
    matrices = curve.confusions()
    expected_mious = []
    for threshold, matrix in zip(THRESHOLDS, matrices, strict=True):
        slow = ConfusionMatrix(4)
        for maps, truth, classes in cases:
            slow.update(truth, mask_by_loop(maps, classes, threshold))
        assert matrix.tolist() == slow.counts.tolist()
        expected_mious.append(slow.scores(NAMES, only=only).miou)
    result = curve.scores(only=only, seconds=2.0)
    assert list(result.curve.values()) == pytest.approx(expected_mious)
    assert result.best.miou == max(result.curve.values())
    assert result.curve[result.threshold] == result.best.miou
    assert (result.best.images, result.best.seconds) == (4, 2.0)


def test_a_map_equal_to_the_threshold_is_background():
    curve = SeedCurve(["background", "dog"], thresholds=[0.5, 0.75])
    curve.update(torch.tensor([[[0.5, 0.75, 1.0]]]), [0], torch.tensor([[1, 1, 1]]))
    assert curve.confusions()[:, 1].tolist() == [[1, 2], [2, 1]]


def test_half_precision_and_small_truth_type():
    maps, truth = random_case(5, [0, 2])
    exact, half = SeedCurve(NAMES), SeedCurve(NAMES)
    exact.update(maps.half().float(), [0, 2], truth)
    half.update(maps.half().requires_grad_(), [0, 2], truth.to(torch.uint8))
    assert torch.equal(exact.histogram, half.histogram)


@pytest.mark.parametrize(
    ("maps", "classes", "truth", "message"),
    [
        (torch.zeros(1, 2, 2), [0], torch.zeros(3, 3).long(), r"= \(1, 3, 3\), got \(1, 2, 2\)"),
        (torch.zeros(2, 2, 2), [0], torch.zeros(2, 2).long(), "maps must be"),
        (torch.zeros(1, 2, 2), [3], torch.zeros(2, 2).long(), r"classes must lie in 0..2, got"),
        (torch.zeros(1, 2, 2), [0], torch.full((2, 2), 4), "truth must hold 0..3 or 255"),
        (torch.full((1, 2, 2), torch.nan), [0], torch.zeros(2, 2).long(), "must be finite"),
    ],
)
def test_broken_input(maps, classes, truth, message):
    with pytest.raises(ValueError, match=message):
        SeedCurve(NAMES).update(maps, classes, truth)


def test_nothing_counted_and_falling_thresholds():
    with pytest.raises(ValueError, match="no pixel was counted"):
        SeedCurve(NAMES).scores()
    with pytest.raises(ValueError, match="must be rising"):
        SeedCurve(NAMES, thresholds=[0.5, 0.2])
