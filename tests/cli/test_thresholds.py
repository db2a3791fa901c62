"""``getam thresholds`` prints thresholds that ``getam train`` takes."""

import json
import shutil
from pathlib import Path

import pytest

from getam.cli.main import main

QUICK = ["--workers", "0", "--device", "cpu"]


def test_thresholds_are_printed_and_written(
    folder: Path, voc: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "thresholds.json"
    data = ["--data", str(voc / "JPEGImages"), "--labels", str(voc / "image_labels.json")]
    truth = ["--truth", str(voc / "SegmentationClass")]
    options = ["--model", str(folder), *data, *QUICK, "--json", str(file)]
    assert main(["thresholds", *options, *truth]) == 0
    content = json.loads(file.read_text())
    last = capsys.readouterr().out.splitlines()[-1]
    settings = json.loads(last.split("--rule-settings ")[1].strip("'"))
    assert settings == {name: content["pair"][name] for name in ("low", "high")}
    assert content["refined map"]["images"] == 5
    assert main(["thresholds", *options]) == 1
    assert "name masks, --truth" in capsys.readouterr().err


def test_the_photos_of_the_report_are_refused(
    folder: Path, voc: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    shutil.copytree(folder, run)
    (run / "val_photos.txt").write_text(f"{voc / 'JPEGImages' / 'e.png'}\n")
    given = ["thresholds", "--model", str(run), "--data", str(voc), *QUICK]
    assert main([*given, "--split", "train"]) == 0
    assert main(given) == 1
    assert "give masks of at least 5 others" in capsys.readouterr().err
