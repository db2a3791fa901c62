"""Scores as a table and as JSON; stages side by side."""

import json

import pytest
import torch

from getam.evaluation import Scores, SeedScores, StageScores

COUNTS = torch.tensor([[6, 2, 0], [0, 4, 0], [0, 0, 0]])
NAMES = ["background", "dog", "cat"]


def dog_scores(**changes):
    return Scores.from_counts(COUNTS, NAMES, **{"ignored": 4, "images": 2, **changes})


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


def test_stages_end_with_the_last_one(tmp_path):
    stages = StageScores()
    stages.add("raw map", SeedScores(dog_scores(), threshold=0.4, curve={0.2: 0.5, 0.4: 0.7}))
    stages.add("prediction", Scores.from_counts(COUNTS.T, NAMES, seconds=3.0))
    stages.write_json(tmp_path / "stages.json")
    read = json.loads((tmp_path / "stages.json").read_text())
    assert read["miou"] == stages.final().miou
    assert read["seconds"] == 3.0
    assert list(read["stages"]) == ["raw map", "prediction"]
    assert read["stages"]["raw map"]["threshold"] == 0.4
    assert read["stages"]["raw map"]["curve"][0] == {"threshold": 0.2, "miou": 0.5}
    lines = stages.table().splitlines()
    assert lines[0].split() == ["IoU", "raw", "map", "prediction"]
    assert lines[1].split() == ["background", "0.750", "0.750"]
    assert lines[-1].split() == ["threshold", "0.40", "-"]


def test_stages_refuse_what_does_not_fit():
    stages = StageScores()
    with pytest.raises(ValueError, match="nothing was scored"):
        stages.final()
    stages.add("prediction", dog_scores())
    with pytest.raises(ValueError, match="'prediction' has a score already"):
        stages.add("prediction", dog_scores())
    other = Scores.from_counts(COUNTS[:2, :2], ["background", "dog"])
    with pytest.raises(ValueError, match="'crf' must have the classes"):
        stages.add("crf", other)
