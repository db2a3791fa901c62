"""The demonstration from end to end, as small as it can be."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from safetensors.torch import load_file

from getam import Predictor
from getam.demo import CLASSES, Plan, demo
from getam.demo.packaged import CLASSIFIER
from getam.demo.plan import CROWDED, RECIPE, SINGLE


@pytest.fixture(scope="module")
def plan() -> Plan:
    # Mirror images instead of the CRF, which takes half of the time and has tests of its own.
    view = {"test_crf": False, "test_flip": True}
    small = {"epochs": 1, "batch_size": 4, "iterations": 1, **view}
    return Plan(
        scenes={"train": 24, "val": 3},
        classifier_scenes={"single": 60, "crowded": 24},
        single=replace(SINGLE, **small),
        crowded=replace(CROWDED, **small),
        recipe=replace(RECIPE, **small),
    )


def test_demo_writes_scores_pictures_report_and_model(plan: Plan, tmp_path: Path) -> None:
    out = tmp_path / "demo"
    stages = demo(out, plan=plan)
    scores = json.loads((out / "scores.json").read_text())
    assert scores["miou"] == stages.final().miou
    assert set(scores["iou"]) == {"background", *CLASSES}
    assert scores["seconds"] > 0
    assert list(scores["stages"]) == [
        "raw map",
        "refined map",
        "pseudo label",
        "prediction, one plain pass",
        "prediction",
    ]
    assert "<svg" in (out / "report.html").read_text()
    assert (out / "examples.jpg").stat().st_size > 1000
    prediction = Predictor.load(out / "run")(out / "scenes" / "JPEGImages" / "val00000.jpg")
    assert prediction.mask.shape == (80, 80)
    assert prediction.classes == CLASSES


@pytest.mark.slow
def test_from_scratch_makes_the_classifier_that_the_package_brings(
    plan: Plan, tmp_path: Path
) -> None:
    out = tmp_path / "demo"
    demo(out, plan=plan, from_scratch=True)
    assert (out / "single" / "metrics.jsonl").exists()
    made, brought = load_file(out / CLASSIFIER.name), load_file(CLASSIFIER)
    assert {n: v.shape for n, v in made.items()} == {n: v.shape for n, v in brought.items()}
    assert CLASSIFIER.stat().st_size < 4e6


def test_a_folder_in_use_is_refused(plan: Plan, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("keep")
    with pytest.raises(FileExistsError, match="not empty"):
        demo(tmp_path, plan=plan)
    assert (tmp_path / "mine.txt").read_text() == "keep"
