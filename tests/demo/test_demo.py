"""The demonstration from end to end, as small as it can be."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from getam import Predictor
from getam.demo import CLASSES, Plan, demo
from getam.demo.demo import SCENES, SINGLE
from getam.demo.pages import curves


@pytest.fixture(scope="module")
def plan() -> Plan:
    small = {"epochs": 1, "batch_size": 4, "iterations": 1}
    return Plan(
        singles=60, train=24, val=3, first=replace(SINGLE, **small), then=replace(SCENES, **small)
    )


def test_demo_writes_scores_pictures_report_and_model(plan: Plan, tmp_path: Path) -> None:
    out = tmp_path / "demo"
    stages = demo(out, plan=plan)
    scores = json.loads((out / "scores.json").read_text())
    assert scores["miou"] == stages.final().miou
    assert set(scores["iou"]) == {"background", *CLASSES}
    assert scores["seconds"] > 0
    assert list(scores["stages"]) == ["raw map", "refined map", "pseudo label", "prediction"]
    assert "<svg" in (out / "report.html").read_text()
    assert (out / "examples.jpg").stat().st_size > 1000
    prediction = Predictor.load(out / "run")(out / "scenes" / "JPEGImages" / "val00000.jpg")
    assert prediction.mask.shape == (80, 80)
    assert prediction.classes == CLASSES


def test_a_folder_in_use_is_refused(plan: Plan, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("keep")
    with pytest.raises(FileExistsError, match="not empty"):
        demo(tmp_path, plan=plan)
    assert (tmp_path / "mine.txt").read_text() == "keep"


def test_curves_begin_where_a_figure_first_occurs(tmp_path: Path) -> None:
    lines = [
        {"step": 10, "mAP": 0.1},
        {"step": 10, "epoch": 1, "mAP": 0.1},
        {"step": 20, "mAP": 0.2, "segmentation": 3.0},
    ]
    (tmp_path / "metrics.jsonl").write_text("\n".join(map(json.dumps, lines)))
    assert curves(tmp_path, "mAP", "segmentation") == {
        "mAP": [(10, 0.1), (20, 0.2)],
        "segmentation": [(20, 3.0)],
    }
