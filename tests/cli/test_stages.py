"""``getam stages`` scores by the view that is asked for, and prints it beside the scores."""

import json
from pathlib import Path
from typing import Any

import pytest

from getam.cli.main import main


def stages(folder: Path, voc: Path, file: Path, *options: str) -> dict[str, Any]:
    """Run the verb and return what it wrote."""
    given = ["--model", str(folder), "--data", str(voc), "--json", str(file)]
    assert main(["stages", *given, "--device", "cpu", "--workers", "0", *options]) == 0
    scores: dict[str, Any] = json.loads(file.read_text())
    return scores


def test_the_view_is_that_of_the_model_unless_options_change_it(
    folder: Path, voc: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plain = stages(folder, voc, tmp_path / "plain.json")
    assert plain["view"] == "long side 48, one plain pass"
    assert "prediction: long side 48, one plain pass" in capsys.readouterr().out
    view = ["--scales", "0.5,1", "--resize", "square", "--flip", "--crf"]
    changed = stages(folder, voc, tmp_path / "changed.json", *view)
    words = "long side 48, scales 0.5 1, squares, mirrored too, dense CRF"
    assert changed["view"] == words
    assert f"prediction: {words}" in capsys.readouterr().out
    one_pass = changed["stages"]["prediction, one plain pass"]
    assert one_pass["iou"] == plain["stages"]["prediction"]["iou"]
    assert changed["stages"]["prediction"]["iou"] != one_pass["iou"]
    assert changed["stages"]["pseudo label"]["iou"] == plain["stages"]["pseudo label"]["iou"]


def test_label_crf_moves_the_pseudo_labels_alone(folder: Path, voc: Path, tmp_path: Path) -> None:
    plain = stages(folder, voc, tmp_path / "plain.json")["stages"]
    sharp = stages(folder, voc, tmp_path / "sharp.json", "--label-crf")["stages"]
    assert sharp["prediction"]["iou"] == plain["prediction"]["iou"]
    assert sharp["pseudo label"]["iou"] != plain["pseudo label"]["iou"]


def test_truth_from_elsewhere(folder: Path, voc: Path, tmp_path: Path) -> None:
    photos, labels = str(voc / "JPEGImages"), str(voc / "image_labels.json")
    truth = str(voc / "SegmentationClass")
    options = ["--labels", labels, "--truth", truth]
    from_folder = stages(folder, Path(photos), tmp_path / "folder.json", *options)
    assert from_folder["iou"] == stages(folder, voc, tmp_path / "voc.json")["iou"]


def test_without_masks_it_says_how_to_give_them(
    folder: Path, voc: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = ["--data", str(voc / "JPEGImages"), "--labels", str(voc / "image_labels.json")]
    assert main(["stages", "--model", str(folder), *data, "--device", "cpu"]) == 1
    assert "has no masks to score with: name their folder, --truth" in capsys.readouterr().err
