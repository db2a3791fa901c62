"""Scores as a table and as JSON; stages side by side."""

import json

import pytest
import torch

from getam.evaluation import Scores

from .examples import COUNTS, dog_scores


def test_values_from_counts():
    scores = dog_scores()
    assert scores.miou == pytest.approx((6 / 8 + 4 / 6) / 2)
    assert scores.iou["dog"] == pytest.approx(4 / 6)
    assert scores.accuracy == pytest.approx(10 / 12)
    assert scores.ignored_share == pytest.approx(4 / 16)
    assert (scores.images, scores.pixels) == (2, 16)


def test_json_round_trip(tmp_path):
    scores = dog_scores(seconds=1.5)
    scores.write_json(tmp_path / "new" / "scores.json")
    read = json.loads((tmp_path / "new" / "scores.json").read_text())
    assert read == scores.to_dict()
    assert read["miou"] == scores.miou
    assert read["iou"] == {"background": 0.75, "dog": pytest.approx(2 / 3), "cat": None}
    assert read["seconds"] == 1.5
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["scores.json"]


def test_score_of_nothing_is_valid_json(tmp_path):
    scores = Scores.from_counts(torch.zeros(2, 2, dtype=torch.int64), ["background", "dog"])
    scores.write_json(tmp_path / "scores.json")
    assert json.loads((tmp_path / "scores.json").read_text())["miou"] is None
    assert "-" in scores.table()


def test_table_has_a_line_per_class():
    lines = dog_scores().table().splitlines()
    assert lines[1].split() == ["background", "0.750", "1.000", "0.750"]
    assert lines[3].split() == ["cat", "-", "-", "-"]
    assert lines[4].split() == ["mean", "0.708"]
    assert lines[5].startswith("2 images, 16 pixels, 25.0% ignored")


def test_names_must_fit():
    with pytest.raises(ValueError, match="names must be 3 class names, got 2"):
        Scores.from_counts(COUNTS, ["background", "dog"])
