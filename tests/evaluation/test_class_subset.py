"""A score may keep background and some of the classes."""

import pytest
import torch

from getam.evaluation import ConfusionMatrix


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


def test_what_is_ignored_of_a_class_that_is_left_out_does_not_count():
    matrix = ConfusionMatrix(3)
    matrix.update(torch.tensor([[0, 1, 2, 2]]), torch.tensor([[0, 255, 255, 255]]))
    assert matrix.scores(["background", "cat", "dog"], only=["cat"]).ignored_share == 0.5
    assert matrix.scores(["background", "cat", "dog"]).ignored_share == 0.75


def test_unknown_class_names_the_nearest():
    with pytest.raises(ValueError, match="'hose' is not one of the classes; did you mean 'horse'"):
        ConfusionMatrix(3).scores(["background", "horse", "dog"], only=["hose"])
    with pytest.raises(ValueError, match="names must be 3 class names, got 1"):
        ConfusionMatrix(3).scores(["background"])
