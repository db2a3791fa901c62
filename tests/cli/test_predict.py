"""``getam predict`` writes what a predictor with the same view says."""

import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from getam import Predictor
from getam.cli.main import main


def test_options_change_the_view_of_the_model(
    folder: Path, voc: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photos, out = voc / "JPEGImages", tmp_path / "masks"
    options = ["--scales", "0.5,1", "--flip", "--overlays", "--device", "cpu", "--workers", "0"]
    given = ["--model", str(folder), "--images", str(photos), "--out", str(out)]
    assert main(["predict", *given, *options]) == 0
    words = "long side 48, scales 0.5 1, mirrored too"
    assert capsys.readouterr().out == f"5 masks in {out} ({words})\n"
    predictor = Predictor.load(folder, scales=[0.5, 1.0], flip=True, device="cpu")
    for photo in photos.iterdir():
        written = np.array(Image.open(out / f"{photo.stem}.png"))
        np.testing.assert_array_equal(written, predictor(photo).mask.numpy())
        assert (out / f"{photo.stem}.overlay.jpg").is_file()


def test_an_engine_that_cannot_be_used_is_one_line(
    folder: Path,
    voc: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    out = tmp_path / "masks"
    given = ["--model", str(folder), "--images", str(voc / "JPEGImages"), "--out", str(out)]
    assert main(["predict", *given, "--engine", "spark"]) == 1
    assert "engine must be ray, got 'spark'" in capsys.readouterr().err
    assert main(["predict", *given, "--address", "auto"]) == 1
    assert "address: auto would not be used: give --engine ray too" in capsys.readouterr().err
    assert not out.exists()
    monkeypatch.setitem(sys.modules, "ray", None)
    monkeypatch.delitem(sys.modules, "getam.inference.cluster", raising=False)  # of another test
    assert main(["predict", *given, "--engine", "ray"]) == 1
    line = '--engine ray needs the package ray: pip install "getam[ray]"'
    assert capsys.readouterr().err.splitlines()[-1] == f"getam: {line}"
    assert not out.exists()
