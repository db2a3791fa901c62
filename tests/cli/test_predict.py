"""``getam predict`` writes what a predictor with the same view says."""

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
