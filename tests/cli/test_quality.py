"""``getam quality`` lists suspicious photos and keeps what is known about each of them."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from getam.cli.main import main
from getam.data import Source
from getam.evaluation import ALL_TRAINED_ON
from getam.inference import judge_photos, read_quality
from getam.model import Model
from getam.training.train_photos import write_train_photos


def test_every_photo_is_judged(
    folder: Path, model: Model, source: Source, voc: Path, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    file = tmp_path / "quality.json"
    options = ["--model", str(folder), "--data", str(voc), "--saliency", str(voc / "saliency")]
    quick = ["--device", "cpu", "--workers", "0"]
    assert main(["quality", *options, *quick, "--json", str(file), "--most", "1"]) == 0
    kept = read_quality(file)["given by --data"]
    expected = [each.signs for each in judge_photos(model, source, workers=0)]
    assert [signs.id for signs in kept] == [signs.id for signs in expected]
    for ours, theirs in zip(kept, expected, strict=True):
        assert ours.quality == pytest.approx(theirs.quality, abs=1e-4)
        assert ours.untagged == pytest.approx(theirs.untagged, abs=1e-4)
        assert ours.tagged.keys() == theirs.tagged.keys()
    said = capsys.readouterr().out
    assert "\n5 photos, " in said
    assert ALL_TRAINED_ON not in said  # this model was not trained here


def test_it_is_said_if_all_photos_were_trained_on(
    folder: Path, source: Source, voc: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = shutil.copytree(folder, tmp_path / "run")
    options = ["quality", str(run), "--data", str(voc), "--device", "cpu", "--workers", "0"]
    for learnt, said in ((source, True), (replace(source, records=source.records[1:]), False)):
        write_train_photos(run, learnt)
        assert main(options) == 0
        assert (ALL_TRAINED_ON in capsys.readouterr().out) == said


def test_a_file_of_tags_is_not_replaced(
    folder: Path, voc: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    labels = voc / "image_labels.json"
    before = labels.read_bytes()
    data = ["--data", str(voc / "JPEGImages"), "--labels", str(labels)]
    assert main(["quality", "--model", str(folder), *data, "--json", str(labels)]) == 1
    assert "would meet the input" in capsys.readouterr().err
    assert labels.read_bytes() == before
