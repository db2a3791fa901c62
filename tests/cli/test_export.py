"""``getam export`` makes the masks that ``label`` and ``predict`` make, and takes them away."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pycocotools.coco import COCO

from getam.cli.main import main

QUICK = ["--device", "cpu", "--workers", "0"]


def masks_of(folder: Path) -> dict[str, bytes]:
    return {path.stem: np.array(Image.open(path)).tobytes() for path in folder.glob("*.png")}


@pytest.fixture
def asked(folder: Path, voc: Path) -> list[str]:
    return [str(folder), "--data", str(voc), *QUICK]


def test_labels_are_those_of_label(asked: list[str], folder: Path, voc: Path, tmp_path: Path):
    out, label = tmp_path / "out", tmp_path / "label"
    assert main(["export", *asked, "--format", "voc", "--out", str(out)]) == 0
    options = ["--model", str(folder), "--data", str(voc), "--out", str(label), *QUICK]
    assert main(["label", *options]) == 0
    assert masks_of(out / "SegmentationClass") == masks_of(label) != {}
    listed = (out / "ImageSets" / "Segmentation" / "default.txt").read_text().split()
    assert {*listed} == {"a", "b", "c", "d", "e"}


def test_predictions_are_those_of_predict(asked: list[str], folder: Path, voc: Path, tmp_path):
    out, predicted = tmp_path / "out", tmp_path / "predicted"
    options = ["--format", "coco", "--what", "predictions", "--out", str(out)]
    assert main(["export", *asked, *options]) == 0
    options = ["--model", str(folder), "--images", str(voc), "--out", str(predicted), *QUICK]
    assert main(["predict", *options]) == 0
    expected = masks_of(predicted)
    assert masks_of(out / "masks") == expected
    coco = COCO(str(out / "annotations.json"))
    for image in coco.dataset["images"]:
        mask = np.zeros((image["height"], image["width"]), np.uint8)
        for annotation in coco.imgToAnns[image["id"]]:
            mask[coco.annToMask(annotation) == 1] = annotation["category_id"]
        assert mask.tobytes() == expected[Path(image["file_name"]).stem]


def test_masks_that_are_made_already(asked: list[str], voc: Path, tmp_path: Path) -> None:
    out, made = tmp_path / "out", voc / "SegmentationClass"
    options = ["--format", "labelstudio", "--masks", str(made), "--out", str(out)]
    assert main(["export", *asked, *options]) == 0
    assert masks_of(out / "masks") == masks_of(made)
    assert len(json.loads((out / "tasks.json").read_text())) == 5


def test_the_same_command_continues_and_another_one_is_refused(
    asked: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--format", "voc", "--out", str(tmp_path / "out")]
    assert main(["export", *asked, *options]) == 0
    assert main(["export", *asked, *options]) == 0
    for other in ("cvat", "coco"):
        options[1] = other
        assert main(["export", *asked, *options]) == 1
        assert "--overwrite" in capsys.readouterr().err


def test_masks_are_never_written_over(
    asked: list[str], voc: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = voc / "SegmentationClass"
    before = masks_of(made)
    options = ["--format", "voc", "--masks", str(made), "--out", str(voc), "--overwrite"]
    assert main(["export", *asked, *options]) == 1
    assert "would meet the input" in capsys.readouterr().err
    assert masks_of(made) == before


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--format", "yolo"], "format must be one of"),
        (["--format", "voc", "--what", "all"], "what must be one of labels, predictions"),
    ],
)
def test_wrong_words_are_named(
    options: list[str], message: str, asked: list[str], tmp_path: Path, capsys
) -> None:
    assert main(["export", *asked, *options, "--out", str(tmp_path / "out")]) == 1
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_photos_must_be_named(folder: Path, tmp_path: Path, capsys) -> None:
    assert main(["export", str(folder), "--format", "voc", "--out", str(tmp_path / "out")]) == 1
    assert "--data" in capsys.readouterr().err


def test_options_about_photos_have_no_place_beside_the_network(
    asked: list[str], tmp_path: Path, capsys
) -> None:
    assert main(["export", *asked, "--format", "onnx", "--out", str(tmp_path / "out")]) == 1
    assert "data is about the masks of photos" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
