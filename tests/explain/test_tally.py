"""A tally counts what its parts count, at the size of the truth."""

import pytest
import torch
from torch.nn.functional import interpolate

from getam.activation import Setting
from getam.evaluation import Cost, PointingGame, SeedCurve
from getam.evaluation.faithfulness import STEPS
from getam.evaluation.seed_curve import THRESHOLDS
from getam.explain.tally import LOW_THRESHOLDS, Tally, mean_curve

NAMES = ["background", "cat", "dog"]
SETTING, COST = Setting("getam", 3), Cost(0.5, 8.0)


def test_counts_are_those_of_the_curve_and_of_the_pointing_game() -> None:
    generator = torch.Generator().manual_seed(0)
    tally = Tally.of_classes(NAMES)
    curve, game = SeedCurve(NAMES, thresholds=LOW_THRESHOLDS + THRESHOLDS), PointingGame(NAMES)
    for classes in ([0, 1], [1], []):
        maps = torch.rand(len(classes), 3, 4, generator=generator)
        truth = torch.randint(0, 3, (9, 12), generator=generator)
        tally.update(maps, classes, truth)
        enlarged = torch.zeros(0, 9, 12)
        if classes:
            enlarged = interpolate(maps[None], (9, 12), mode="bilinear", align_corners=False)[0]
        curve.update(enlarged, classes, truth)
        game.update(enlarged, classes, truth)
    scores = tally.scores(SETTING, refined=True, cost=COST)
    assert scores.seed == curve.scores()
    assert scores.pointing == game.accuracy()
    assert (scores.method, scores.first_block, scores.refined) == ("getam", 3, True)
    assert scores.cost == COST
    assert scores.insertion is scores.deletion is None


def test_a_map_equal_to_the_truth_is_perfect() -> None:
    tally = Tally.of_classes(NAMES)
    truth = torch.zeros(8, 8, dtype=torch.int64)
    truth[:4] = 2
    tally.update((truth == 2)[None].float(), [1], truth)
    scores = tally.scores(SETTING, refined=False, cost=COST)
    assert scores.seed.best.iou["dog"] == scores.pointing["dog"] == 1


def test_steep_maps_have_thresholds_low_enough() -> None:
    assert sorted({*LOW_THRESHOLDS, *THRESHOLDS}) == [*LOW_THRESHOLDS, *THRESHOLDS]
    assert LOW_THRESHOLDS[-1] < THRESHOLDS[0]


def test_the_scores_hold_the_mean_curves_and_every_saco() -> None:
    tally = Tally.of_classes(NAMES)
    curves = torch.rand(2, 2, STEPS + 1, generator=torch.Generator().manual_seed(0))
    for (inserted, deleted), coefficient in zip(curves, (0.25, -0.5), strict=True):
        tally.add_faithfulness(inserted, deleted, coefficient)
    tally.update(torch.ones(1, 8, 8), [1], torch.zeros(8, 8, dtype=torch.int64))
    scores = tally.scores(SETTING, refined=False, cost=COST)
    assert scores.insertion == pytest.approx(curves[:, 0].mean(0).tolist())
    assert scores.deletion == pytest.approx(curves[:, 1].mean(0).tolist())
    assert scores.saco == [0.25, -0.5]


def test_the_mean_of_curves() -> None:
    assert mean_curve(torch.tensor([[0.0, 1.0], [0.5, 0.0]])) == [0.25, 0.5]
    assert mean_curve(torch.zeros(0, 2)) is None
