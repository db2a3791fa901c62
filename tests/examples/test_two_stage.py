"""The example of two stages runs from files to a score, on a few photos and random weights."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import timm
from data.scenes import write_photo
from PIL import Image
from safetensors.torch import save_file

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "two_stage.py"
NAMES = ["background", "cat", "cow", "dog", "horse", "sheep", "person"]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    root = tmp_path / "data"
    lists, masks = root / "ImageSets" / "Segmentation", root / "SegmentationClassAug"
    for folder in (lists, masks, root / "JPEGImages"):
        folder.mkdir(parents=True)
    for name in ("a", "b", "c"):
        write_photo(root / "JPEGImages" / f"{name}.png", size=(50, 70))
        mask = np.zeros((50, 70), dtype=np.uint8)
        mask[:, 20:40], mask[:, 40:50] = 1, 255
        Image.fromarray(mask).save(masks / f"{name}.png")
    (lists / "train_aug.txt").write_text("a\nb\n")
    (lists / "val.txt").write_text("c\n")
    (root / "classes.txt").write_text("\n".join(NAMES))
    return root


def test_it_trains_and_scores(data: Path, tmp_path: Path) -> None:
    pytest.importorskip("segmentation_models_pytorch", reason="the extra examples is missing")
    weights, out = tmp_path / "weights.safetensors", tmp_path / "out"
    save_file(timm.create_model("vit_tiny_patch16_224").state_dict(), weights)
    labels = data / "SegmentationClassAug"
    command = [sys.executable, EXAMPLE, data, labels, weights, out]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=True)
    assert "cat" in done.stdout
    with Image.open(out / "c.png") as mask:
        assert mask.size == (70, 50)
        assert np.asarray(mask).max() < len(NAMES)


def test_a_folder_that_is_there_stops_it_before_the_training(tmp_path: Path) -> None:
    pytest.importorskip("segmentation_models_pytorch", reason="the extra examples is missing")
    command = [sys.executable, EXAMPLE, "no_data", "no_labels", "no_weights", tmp_path]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True)
    assert done.stderr.splitlines()[-1].startswith("FileExistsError")
