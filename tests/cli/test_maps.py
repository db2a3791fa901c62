"""``getam maps`` makes maps as its options say, of the classes named or those the network sees."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from getam import Predictor
from getam.cli.main import main
from getam.data import list_photos
from getam.inference import label_photos
from getam.model import Model


def maps(folder: Path, photos: Path, out: Path, *options: str) -> int:
    """Run the verb and return its exit status."""
    given = ["--model", str(folder), "--images", str(photos), "--out", str(out)]
    return main(["maps", *given, "--device", "cpu", "--workers", "0", *options])


def test_options_change_the_maps_of_the_model(
    folder: Path, model: Model, voc: Path, tmp_path: Path
) -> None:
    photo = voc / "JPEGImages" / "a.png"
    options = ["--classes", "dog", "--method", "grad_cam", "--first-block", "2"]
    assert maps(folder, photo, tmp_path / "out", *options, "--affinity", "1") == 0
    changes = {"method": "grad_cam", "first_block": 2, "affinity": 1, "rule": "thresholds"}
    other = replace(model, labeller=replace(model.labeller, **changes))
    source = list_photos(photo)
    records = (replace(source.records[0], labels=("dog",)),)
    source = replace(source, records=records, classes=model.classes)
    (expected,) = label_photos(other, source, workers=0)
    with np.load(tmp_path / "out" / "a.npz") as arrays:
        assert arrays["classes"].tolist() == ["dog"]
        np.testing.assert_allclose(arrays["refined_maps"], expected.refined_maps, atol=1e-3)


def test_without_names_the_classes_are_those_the_network_sees(
    folder: Path, voc: Path, tmp_path: Path
) -> None:
    assert maps(folder, voc / "JPEGImages", tmp_path / "out") == 0
    source = list_photos(voc / "JPEGImages")
    predictor = Predictor.load(folder, device="cpu")
    for record in source.records:
        seen = {list(predictor.classes)[number] for number in predictor(record.image).seen()}
        with np.load(tmp_path / "out" / f"{record.id}.npz") as arrays:
            assert set(arrays["classes"].tolist()) == seen


def test_a_wrong_class_makes_no_folder(
    folder: Path, voc: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert maps(folder, voc / "JPEGImages", tmp_path / "out", "--classes", "dgo") == 1
    assert "did you mean 'dog'" in capsys.readouterr().err.splitlines()[-1]
    assert not (tmp_path / "out").exists()
