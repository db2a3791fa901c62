"""A run is read as far as it was written."""

import json
import os
import shlex

import pytest
import yaml

from getam.run_report.recorded_run import read_run
from getam.training.run_folder import CONFIG


def test_curves_begin_where_a_figure_first_occurs(tmp_path):
    lines = [
        {"step": 10, "mAP": 0.1},
        {"step": 10, "epoch": 1, "mAP": 0.1},
        {"step": 20, "mAP": 0.2, "segmentation": 3.0},
    ]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (tmp_path / "metrics.jsonl").write_text(text + '{"step": 30, "mA')  # cut off
    assert read_run(tmp_path).curves(["mAP", "segmentation"]) == {
        "mAP": [(10, 0.1), (20, 0.2)],
        "segmentation": [(20, 3.0)],
    }


def test_what_is_missing_is_empty(tmp_path):
    run = read_run(tmp_path)
    assert (run.config, run.environment, run.metrics, run.scores, run.signs) == ({}, {}, [], {}, [])
    assert run.seconds is None
    assert run.command() == ""


def test_time_is_that_from_the_first_file_to_the_model(tmp_path):
    for name, time in (("env.json", 1000), ("model.safetensors", 1090)):
        (tmp_path / name).write_text("{}")
        os.utime(tmp_path / name, (time, time))
    assert read_run(tmp_path).seconds == 90


def test_the_command_takes_the_settings_of_the_run(tmp_path):
    folder = tmp_path / "a run's"
    folder.mkdir()
    (folder / "env.json").write_text(json.dumps({"command": "getam demo"}))
    assert read_run(folder).command() == "getam demo"
    (folder / CONFIG).write_text(yaml.safe_dump({"data": "photos"}))
    words = shlex.split(read_run(folder).command())
    assert words == ["getam", "train", "--config", f"{folder}/{CONFIG}", "--out", f"{folder}_again"]


@pytest.mark.parametrize(
    "name", ["metrics.jsonl", "config.yaml", "env.json", "scores.json", "quality.json"]
)
def test_a_damaged_file_is_named(tmp_path, name):
    (tmp_path / name).write_text('{"stages": {"raw map"\n')
    with pytest.raises(ValueError, match=name) as caught:
        read_run(tmp_path)
    assert "is damaged" in str(caught.value)
    assert "\n" not in str(caught.value)
