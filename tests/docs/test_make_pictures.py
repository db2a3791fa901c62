"""The script that makes the pictures of the pages runs, with drawn weights and a tiny run."""

import runpy
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import timm
from data.scenes import write_photo
from PIL import Image
from safetensors.torch import save_file

from getam.cli.main import main

pytest.importorskip("skimage")  # the docs extra

SCRIPT = Path(__file__).resolve().parents[2] / "docs" / "make_pictures.py"
TINY = ["--backbone", "getam_vit_nano", "--no-pretrained", "--crop", "32", "--batch-size", "2"]
TINY += ["--long-side", "48", "--decoder-width", "8"]


@pytest.fixture
def make(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Run the script with options."""

    def run(*options: str | Path) -> None:
        monkeypatch.setattr(sys, "argv", [SCRIPT.name, *map(str, options)])
        runpy.run_path(str(SCRIPT), run_name="__main__")

    return run


def sizes(folder: Path) -> dict[str, tuple[int, int]]:
    return {path.name: Image.open(path).size for path in folder.iterdir()}


def test_pictures_of_a_classifier(tmp_path: Path, make: Callable[..., None]) -> None:
    model = timm.create_model("vit_tiny_patch16_224", num_classes=3)
    save_file(model.state_dict(), tmp_path / "w.safetensors")
    out = tmp_path / "out"
    make("--weights", tmp_path / "w.safetensors", "--cat", "0", "--espresso", "2", "--out", out)
    names = {"two_tags", "steps_cat", "steps_espresso", "thresholds", "explain"}
    assert {Path(name).stem for name in sizes(out)} == names
    assert min(width for width, _ in sizes(out).values()) > 900


def test_picture_of_a_trained_run(tmp_path: Path, make: Callable[..., None]) -> None:
    for name in ("cat", "dog"):
        for number in range(2):
            write_photo(tmp_path / "photos" / name / f"{name}{number}.png")
    run, out = tmp_path / "run", tmp_path / "out"
    data = ["--data", str(tmp_path / "photos"), "--out", str(run), "--workers", "0"]
    assert main(["train", *data, *TINY, "--epochs", "1"]) == 0
    make("--model", run, "--out", out)
    assert list(sizes(out)) == ["close_cat.jpg"]
    sheet = np.asarray(Image.open(out / "close_cat.jpg"))
    assert sheet.std() > 20  # photos, not an empty page
