"""The best first block of each method, the best row first, means over what is defined."""

import math
from dataclasses import replace

import pytest
import torch

from getam.evaluation import Comparison, Cost, MethodScores, SeedCurve
from getam.evaluation.comparison import clearly_more, mean_of_defined


def scores(method: str, first_block: int, hits: int, *, refined: bool = False) -> MethodScores:
    """Return the scores of a method whose map finds ``hits`` of four dog pixels."""
    curve = SeedCurve(["background", "dog"], thresholds=(0.5,))
    found = torch.tensor([[[1.0] * hits + [0.0] * (8 - hits)]])
    curve.update(found, [0], torch.tensor([[1, 1, 1, 1, 0, 0, 0, 0]]))
    pointing = {"dog": 1.0, "cat": math.nan}
    return MethodScores(method, first_block, refined, curve.scores(), pointing, Cost(0.25, 3))


ROWS = (
    scores("getam", 0, 2),
    scores("getam", 6, 3),
    scores("cam", 6, 4),
    scores("getam", 6, 4, refined=True),
)


def test_the_best_first_block_of_each_method() -> None:
    best = Comparison(ROWS, photos=1).best_of_methods(refined=False)
    assert {name: row.first_block for name, row in best.items()} == {"getam": 6, "cam": 6}
    assert best["getam"].seed.best.miou == pytest.approx((3 / 4 + 4 / 5) / 2)
    assert list(Comparison(ROWS, photos=1).best_of_methods(refined=True)) == ["getam"]


def test_the_table_has_the_best_row_first() -> None:
    _, *lines = Comparison(ROWS, photos=1).table().splitlines()
    assert [line.split()[:4] for line in lines] == [
        ["cam", "6", "no", "1.000"],
        ["getam", "6", "yes", "1.000"],
        ["getam", "6", "no", "0.775"],
        ["getam", "0", "no", "0.583"],
    ]
    assert lines[0].split()[-3:] == ["1.000", "0.250", "3"]  # pointing: of the dog alone


def test_means_leave_out_what_is_not_defined() -> None:
    assert mean_of_defined([0.5, math.nan, 1.0]) == 0.75
    assert math.isnan(mean_of_defined([math.nan]))


def covering(method: str, overlaps: list[float], *, refined: bool = False) -> MethodScores:
    """Return scores in which each map has an overlap of its own."""
    return replace(scores(method, 6, 2, refined=refined), overlaps=overlaps)


def test_a_method_must_beat_every_control_by_more_than_its_error() -> None:
    good, even = covering("getam", [0.5, 0.7, 0.6]), covering("cam", [0.4, 0.1, 0.6])
    noise, blob = covering("random map", [0.1, 0.2, 0.1]), covering("centre blob", [0.3, 0.4, 0.4])
    better = covering("centre blob", [0.9, 0.9, 0.9], refined=True)  # of maps that are refined
    comparison = Comparison((good, even), photos=3, controls=(noise, blob, better))
    assert comparison.beats_controls(good)
    assert not comparison.beats_controls(even)
    assert not comparison.beats_controls(replace(good, refined=True))
    assert [row["beats_controls"] for row in comparison.to_dict()["rows"]] == [True, False]
    head, *lines = comparison.table().splitlines()
    assert head.split()[-3:] == ["MiB", "beats", "controls"]
    assert {line.split()[-1] for line in lines} == {"yes", "NO", "control"}
    assert "0.600 ± 0.058" in comparison.table()


def test_maps_without_an_object_are_left_out_of_pairs() -> None:
    assert clearly_more([0.5, math.nan, 0.7], [0.1, 0.9, 0.2])
    assert not clearly_more([0.5, math.nan], [0.1, 0.9])  # one pair has no error
