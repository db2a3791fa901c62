"""The whole road by the command line, on photos made here."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import yaml
from data.scenes import CLASSES, write_voc
from PIL import Image

from getam.cli.main import main

TINY = [
    *("--backbone", "getam_vit_nano", "--no-pretrained", "--decoder-width", "8"),
    *("--crop", "32", "--long-side", "48", "--batch-size", "2"),
    *("--workers", "0", "--device", "cpu"),
]


@pytest.fixture(scope="module")
def voc(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_voc(tmp_path_factory.mktemp("cli") / "voc")


@pytest.fixture(scope="module")
def run(voc: Path) -> Path:
    """A model folder made by ``getam train``."""
    out = voc.parent / "run"
    options = ["--data", str(voc), "--split", "train", "--val", "val", "--out", str(out)]
    assert main(["train", *options, *TINY, "--epochs", "2"]) == 0
    return out


def test_train_fills_the_run_folder(run: Path) -> None:
    names = {"config.yaml", "env.json", "metrics.jsonl", "checkpoint.pt", "model.safetensors"}
    assert names | {"model.json", "scores.json", "samples"} <= {path.name for path in run.iterdir()}
    config = yaml.safe_load((run / "config.yaml").read_text())
    assert config["backbone"] == "getam_vit_nano"
    assert config["crop"] == 32
    scores = json.loads((run / "scores.json").read_text())
    assert set(scores["stages"]) == {
        "raw map",
        "refined map",
        "pseudo label",
        "prediction, one plain pass",
        "prediction",
    }
    assert list(scores["iou"]) == ["background", *CLASSES]


def test_the_written_config_trains_the_same_run(run: Path, tmp_path: Path) -> None:
    out = tmp_path / "again"
    assert main(["train", "--config", str(run / "config.yaml"), "--out", str(out)]) == 0
    first, second = ((folder / "metrics.jsonl").read_text() for folder in (run, out))
    losses = [[json.loads(line)["total"] for line in text.splitlines()] for text in (first, second)]
    assert losses[0] == losses[1]


def test_predict_writes_masks_of_the_photos_own_size(run: Path, voc: Path, tmp_path: Path) -> None:
    out = tmp_path / "masks"
    options = ["--model", str(run), "--images", str(voc / "JPEGImages"), "--out", str(out)]
    assert main(["predict", *options, "--scales", "1,1.5", "--flip", "--crf"]) == 0
    for photo in (voc / "JPEGImages").iterdir():
        with Image.open(out / f"{photo.stem}.png") as mask, Image.open(photo) as image:
            assert mask.mode == "P"
            assert mask.size == image.size
            assert set(np.unique(np.array(mask))) <= set(range(len(CLASSES) + 1))
    assert main(["predict", *options]) == 1  # another command filled the folder
    assert main(["predict", *options, "--overwrite"]) == 0


def test_label_stages_maps_and_score(run: Path, voc: Path, tmp_path: Path) -> None:
    labels, maps, file = tmp_path / "labels", tmp_path / "maps", tmp_path / "scores.json"
    model, data = ["--model", str(run)], ["--data", str(voc), "--split", "val"]
    saliency = ["--saliency", str(voc / "saliency")]
    assert main(["label", *model, *data, "--out", str(labels), *saliency]) == 0
    assert main(["stages", *model, *data, "--json", str(file)]) == 0
    assert {"miou", "iou", "seconds"} <= set(json.loads(file.read_text()))
    photo = next((voc / "JPEGImages").iterdir())
    options = ["--images", str(photo), "--out", str(maps), "--classes", CLASSES[0]]
    assert main(["maps", *model, *options]) == 0
    with np.load(maps / f"{photo.stem}.npz") as arrays:
        assert arrays["classes"].tolist() == [CLASSES[0]]
        assert arrays["refined_maps"].shape[0] == 1
        assert arrays["refined_maps"].max() <= 1
    assert (maps / f"{photo.stem}.{CLASSES[0]}.jpg").is_file()


def test_scores_that_cannot_be_written_are_said_aloud(
    run: Path, voc: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    photos, tags, file = tmp_path / "photos", tmp_path / "tags.csv", tmp_path / "scores.json"
    photos.mkdir()
    photo = next((voc / "JPEGImages").iterdir())
    shutil.copy(photo, photos)
    tags.write_text(f"image,labels\n{photo.name},{CLASSES[0]}\n")
    options = ["--model", str(run), "--data", str(photos), "--labels", str(tags)]
    assert main(["label", *options, "--out", str(tmp_path / "out"), "--json", str(file)]) == 0
    assert f"{file} is not written" in caplog.text
    assert not file.exists()


def test_a_broken_photo_of_val_is_left_out_before_training(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    voc = write_voc(tmp_path / "voc")
    (voc / "ImageSets" / "Segmentation" / "val.txt").write_text("d\ne\n")
    (voc / "JPEGImages" / "e.png").write_bytes(b"no photo")
    options = ["--data", str(voc), "--split", "train", "--val", "val", *TINY, "--epochs", "1"]
    assert main(["train", *options, "--out", str(tmp_path / "run")]) == 0
    assert "1 of 2 photos" in caplog.text
    assert main(["train", *options, "--out", str(tmp_path / "strict"), "--strict"]) == 1


def test_a_perfect_prediction_scores_one(
    voc: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    classes, file = tmp_path / "classes.txt", tmp_path / "scores.json"
    classes.write_text("\n".join(["background", *CLASSES]) + "\n")
    truth = str(voc / "SegmentationClass")
    options = ["--predictions", truth, "--truth", truth, "--classes", str(classes)]
    assert main(["score", *options, "--json", str(file)]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "mIoU 1.000"
    assert json.loads(file.read_text())["miou"] == 1.0
