"""``getam label`` on photos of which little is known, and with masks from elsewhere."""

import json
import logging
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from getam.cli.main import main
from getam.data import open_source
from getam.evaluation import ClassSigns, PhotoSigns
from getam.inference.quality import write_quality
from getam.pseudo_label import snap

QUICK = ["--device", "cpu", "--workers", "0"]


@pytest.fixture
def tags(tmp_path: Path) -> Path:
    """Labels of three of the five photos; one of them shows none of the classes."""
    file = tmp_path / "tags.json"
    file.write_text(json.dumps({"a": ["cat"], "b": ["dog", "cow"], "d": []}))
    return file


def test_photos_of_which_nothing_is_known_are_counted_and_left_out(
    folder: Path, voc: Path, tags: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    out = tmp_path / "out"
    options = ["--model", str(folder), "--data", str(voc / "JPEGImages"), "--labels", str(tags)]
    assert main(["label", *options, "--out", str(out), *QUICK]) == 0
    assert {path.name for path in out.glob("*.png")} == {"a.png", "b.png", "d.png"}
    lines = [line for line in caplog.messages if line.startswith("nothing is known about 2 photos")]
    assert len(lines) == 1
    assert not np.array(Image.open(out / "d.png")).any()


def test_photos_without_any_label_are_refused(
    folder: Path, voc: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    tags, out = tmp_path / "others.json", tmp_path / "out"
    tags.write_text(json.dumps({"e": ["dog"]}))
    photos = tmp_path / "photos"
    photos.mkdir()
    for name in ("a", "e"):
        shutil.copy(voc / "JPEGImages" / f"{name}.png", photos)
    options = ["--model", str(folder), "--data", str(photos), "--labels", str(tags)]
    options += ["--out", str(out), *QUICK]
    (photos / "e.png").write_bytes(b"no photo")  # the only one with a label
    assert main(["label", *options]) == 4
    assert "e.png: not an image" in caplog.text
    (photos / "e.png").unlink()
    shutil.rmtree(out)
    assert main(["label", *options]) == 1
    assert not out.exists()


def test_truth_scores_data_that_has_no_masks(
    folder: Path, voc: Path, tags: Path, tmp_path: Path
) -> None:
    out, file = tmp_path / "out", tmp_path / "scores.json"
    truth = ["--truth", str(voc / "SegmentationClass"), "--json", str(file)]
    options = ["--model", str(folder), "--data", str(voc / "JPEGImages"), "--labels", str(tags)]
    assert main(["label", *options, *truth, "--out", str(out), *QUICK]) == 0
    scores = json.loads(file.read_text())
    assert scores["images"] == 3
    source = open_source(voc)
    hits = pixels = 0
    for record in source.records:
        if (out / f"{record.id}.png").is_file():
            true = source.read_truth(record)
            label = np.array(Image.open(out / f"{record.id}.png"))
            counted = (true != 255) & (label != 255)
            hits, pixels = hits + (true == label)[counted].sum(), pixels + counted.sum()
    assert scores["accuracy"] == pytest.approx(hits / pixels)


def test_what_the_run_said_of_its_masks_is_said_again(
    folder: Path, voc: Path, tags: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = shutil.copytree(folder, tmp_path / "run")
    poor = ClassSigns(0.5, 0.1, 0.1, 0.1, 0.1, 0.5, 0.1)
    write_quality(
        run / "quality.json", {"trained on": [PhotoSigns(str(n), {"cat": poor}) for n in range(6)]}
    )
    options = ["--data", str(voc / "JPEGImages"), "--labels", str(tags), *QUICK]
    for model, expected in ((run, True), (folder, False)):
        out = ["--model", str(model), "--out", str(tmp_path / f"out{expected}")]
        assert main(["label", *out, *options]) == 0
        said = (
            "the masks of these classes are probably not usable: cat (" in capsys.readouterr().out
        )
        assert said == expected


def test_masks_that_cannot_be_scored_are_counted_in_one_line(
    folder: Path, voc: Path, tags: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    truth = shutil.copytree(voc / "SegmentationClass", tmp_path / "truth")
    for name in "ab":
        (truth / f"{name}.png").write_bytes(b"no mask")
    options = ["--model", str(folder), "--data", str(voc / "JPEGImages"), "--labels", str(tags)]
    out = ["--out", str(tmp_path / "out"), "--truth", str(truth)]
    assert main(["label", *options, *out, *QUICK]) == 0
    said = [line for line in caplog.messages if "not scored" in line and "labels" in line]
    assert len(said) == 1
    assert said[0].startswith("2 of 3 labels are not scored; the first: cannot read the mask")


def test_a_class_folder_of_photos_that_show_none(
    folder: Path, voc: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, photo in (("cat", "a"), ("empty", "d")):
        (tmp_path / "photos" / name).mkdir(parents=True)
        shutil.copy(voc / "JPEGImages" / f"{photo}.png", tmp_path / "photos" / name)
    options = ["--model", str(folder), "--data", str(tmp_path / "photos"), *QUICK]
    out = tmp_path / "out"
    assert main(["label", *options, "--none", "nothing", "--out", str(out)]) == 1
    assert "nothing" in capsys.readouterr().err.splitlines()[-1]
    assert main(["label", *options, "--none", "empty", "--out", str(out)]) == 0
    assert not np.array(Image.open(out / "empty" / "d.png")).any()
    assert (out / "cat" / "a.png").is_file()


def test_labels_are_snapped_to_proposals(
    folder: Path, voc: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    proposals = tmp_path / "proposals"
    proposals.mkdir()
    options = ["--model", str(folder), "--data", str(voc), "--split", "val", *QUICK]
    assert main(["label", *options, "--out", str(tmp_path / "plain")]) == 0
    plain = np.array(Image.open(tmp_path / "plain" / "e.png"))
    masks = np.random.default_rng(0).random((4, *plain.shape)) > 0.5
    np.savez_compressed(proposals / "e.npz", masks=masks | (plain == 0))
    given = ["--proposals", str(proposals), "--out", str(tmp_path / "snapped")]
    assert main(["label", *options, *given]) == 0
    snapped = np.array(Image.open(tmp_path / "snapped" / "e.png"))
    assert (snapped == snap(plain, masks | (plain == 0))).all()
    assert main(["label", *options, "--proposals", "sam", "--out", str(tmp_path / "no")]) == 1
    assert "proposals must be a folder or one of" in capsys.readouterr().err.splitlines()[-1]
    assert not (tmp_path / "no").exists()
