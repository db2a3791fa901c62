"""Scores of tags: one average precision per class, and what is not defined is said so."""

import math

import pytest
import torch

from getam.evaluation import average_precision, tag_scores

NAMES = ["cat", "dog", "yak"]
LOGITS = torch.tensor([[3.0, 0.0, 1.0], [2.0, 1.0, 2.0], [1.0, 2.0, 3.0]])
LABELS = torch.tensor([[1, 0, 0], [0, 1, 0], [1, 0, 0]])


def test_known_values() -> None:
    scores = tag_scores(LOGITS, LABELS, NAMES)
    assert scores.ap["cat"] == pytest.approx((1 / 1 + 2 / 3) / 2)  # found first and third
    assert scores.ap["dog"] == pytest.approx(1 / 2)  # found second
    assert math.isnan(scores.ap["yak"])
    assert scores.images == 3
    assert scores.to_dict() == {
        "mean_ap": None,
        "ap": {"cat": pytest.approx(5 / 6), "dog": pytest.approx(0.5), "yak": None},
        "shown": {"cat": 2, "dog": 1, "yak": 0},
        "images": 3,
    }
    assert scores.line() == (
        "average precision of the tags of 3 photos: too few to tell, because no class is shown by "
        "5 of them"
    )


def test_the_mean_is_that_of_classes_with_enough_photos() -> None:
    scores = tag_scores(LOGITS.repeat(3, 1), LABELS.repeat(3, 1), NAMES)
    assert scores.shown == {"cat": 6, "dog": 3, "yak": 0}
    assert scores.mean_ap == pytest.approx(5 / 6)
    assert scores.ap["dog"] == pytest.approx(1 / 2)
    assert (
        f"mean {scores.ap['cat']:.3f}, cat {scores.ap['cat']:.3f} (n=6, chance 0.67), "
        "and fewer than 5 photos are too few to tell: dog (n=3), yak (n=0); " in (scores.line())
    )


def test_a_tag_counts_only_where_it_is_known() -> None:
    known = torch.tensor([[True, True, True], [False, True, True], [True, False, True]])
    scores = tag_scores(LOGITS, LABELS, NAMES, known=known)
    assert scores.ap["cat"] == 1  # the wrong photo between is not known to be wrong
    assert scores.ap["dog"] == average_precision(LOGITS[:2, 1], LABELS[:2, 1]) == 1
    some = torch.ones(9, 3, dtype=torch.bool)
    some[[1, 4]] = False
    line = tag_scores(LOGITS.repeat(3, 1), LABELS.repeat(3, 1), NAMES, known=some).line()
    assert "(n=6, chance 0.86)" in line  # 6 of the 7 photos of which it is known
    unsure = tag_scores(LOGITS, LABELS, NAMES, known=~LABELS.bool())
    assert unsure.shown == dict.fromkeys(NAMES, 0)


def test_no_photo_shows_anything() -> None:
    scores = tag_scores(LOGITS, torch.zeros(3, 3), NAMES)
    assert scores.to_dict() == {
        "mean_ap": None,
        "ap": dict.fromkeys(NAMES),
        "shown": dict.fromkeys(NAMES, 0),
        "images": 3,
    }


@pytest.mark.parametrize(
    ("logits", "labels"), [(LOGITS, LABELS[:2]), (LOGITS[:, :2], LABELS[:, :2])]
)
def test_shapes_are_checked(logits: torch.Tensor, labels: torch.Tensor) -> None:
    with pytest.raises(ValueError, match=r"class_logits and labels must be \[N, 3\], got \(3, "):
        tag_scores(logits, labels, NAMES)
    with pytest.raises(ValueError, match="finite"):
        tag_scores(LOGITS * math.nan, LABELS, NAMES)


def test_five_photos_are_enough_for_a_figure() -> None:
    labels = torch.tensor([[1.0]] * 5 + [[0.0]] * 5)
    scores = tag_scores(labels * 2 - 1, labels, ["cat"])
    assert "mean 1.000, cat 1.000 (n=5, chance 0.50); n photos" in scores.line()
    assert "too few to tell, because" in tag_scores(labels[1:], labels[1:], ["cat"]).line()
