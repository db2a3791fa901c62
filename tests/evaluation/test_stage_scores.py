"""Stages side by side, the last one at the top."""

import json

import pytest

from getam.evaluation import Scores, SeedScores, StageScores

from .examples import COUNTS, NAMES, dog_scores


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
