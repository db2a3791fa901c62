"""A model card says what a run recorded, and nothing about the machine."""

import json
from dataclasses import replace

import pytest
import yaml

from getam.run_report import model_card


@pytest.fixture
def run(tmp_path):
    """A folder with the record of a run that was scored."""
    config = {
        "data": "/private/photos",
        "weights": None,
        "pretrained": True,
        "saliency": None,
        "epochs": 7,
        "method": "grad_cam",
    }
    tags = {"mean_ap": 0.875, "ap": {"cat": 0.875}, "images": 12}
    scores = {"miou": 0.5, "iou": {"background": 0.75, "cat": 0.25}, "images": 12, "tags": tags}
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(config))
    (tmp_path / "scores.json").write_text(json.dumps(scores))
    (tmp_path / "env.json").write_text(json.dumps({"versions": {"torch": "2.6"}, "command": "x"}))
    return tmp_path


def card(folder, model, **changes):
    config = yaml.safe_load((folder / "config.yaml").read_text()) | changes
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    return model_card(folder, model)


def test_a_run_with_scores(run, model):
    text = card(run, model)
    head, front, body = text.split("---\n", 2)
    assert head == ""
    assert yaml.safe_load(front)["library_name"] == "getam"
    assert "No pixel label was used" in body
    assert "mean IoU of **50 %**" in body
    for row in ("| cat | 1 |", "| cat | 25 % |", "| epochs | 7 |", "| method | grad_cam |"):
        assert row in body
    assert "tags of 12 photos is 88 %" in body
    assert "weights that timm names for `getam_vit_nano`" in body
    assert "/private" not in text
    assert str(run) not in text


def test_what_else_a_run_learnt_from_is_said(run, model):
    text = card(run, model, saliency="/maps", weights="/private/w.pth", corrected="/masks")
    assert "No pixel label was used" not in text
    assert "corrected masks are pixel labels" in text
    assert "Saliency maps were given" in text
    assert "/private" not in text


def test_a_converted_model_claims_nothing(tmp_path, model):
    text = model_card(tmp_path, model)
    assert "there is no record of how it was trained" in text
    assert "No pixel label" not in text
    assert "## Scores" not in text


def test_names_are_shown_as_text(tmp_path, model):
    text = model_card(tmp_path, replace(model, classes={"<b>": 1, "a|b": 2, "dog": 3}))
    assert "| &lt;b&gt; | 1 |" in text
    assert "| a&#124;b | 2 |" in text
