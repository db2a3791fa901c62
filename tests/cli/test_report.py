"""``getam report`` finds the photos of a run, or takes those that are named."""

import json
import shutil
from pathlib import Path

import pytest
from data.scenes import LABELS

from getam.cli.main import main

TINY = [
    *("--backbone", "getam_vit_nano", "--no-pretrained", "--decoder-width", "8", "--epochs", "1"),
    *("--crop", "32", "--long-side", "48", "--batch-size", "2"),
    *("--workers", "0", "--device", "cpu"),
]
QUICK = ["--workers", "0", "--device", "cpu"]


@pytest.fixture(scope="module")
def run(voc: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run on four photos of which a fifth was scored."""
    out = tmp_path_factory.mktemp("report") / "run"
    data = ["--data", str(voc), "--split", "train", "--val", "val", "--out", str(out)]
    assert main(["train", *data, *TINY]) == 0
    return out


def names(file: Path) -> set[str]:
    """Ids of the photos that a report shows."""
    text = file.read_text()
    return {name for name in "abcde" if f'data-name="{name}"' in text}


def test_the_run_knows_its_photos(run: Path) -> None:
    assert main(["report", "--run", str(run), *QUICK]) == 0
    text = (run / "report.html").read_text()
    assert names(run / "report.html") == set("abcde")
    assert text.count('data-part="not trained on"') == 1
    assert "True mask, drawn by a person" in text
    assert f"getam train --config {run}/config.yaml" in text


def test_other_photos_and_another_file(run: Path, voc: Path, tmp_path: Path) -> None:
    out = tmp_path / "pages" / "other.html"
    photos = ["--data", str(voc / "JPEGImages"), "--labels", str(voc / "image_labels.json")]
    assert main(["report", "--run", str(run), *photos, "--out", str(out), *QUICK]) == 0
    text = out.read_text()
    assert text.count('data-part="given by --data"') == 5
    assert "True mask, drawn by a person" not in text
    assert main(["report", "--run", str(run), "--out", str(out), "--photos", "2", *QUICK]) == 0
    assert len(names(out)) == 2


def test_a_converted_model_needs_data(
    folder: Path, voc: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = tmp_path / "model"
    shutil.copytree(folder, model)
    assert main(["report", "--run", str(model), *QUICK]) == 1
    assert "does not say which photos it was made from: name some with --data" in (
        capsys.readouterr().err
    )
    assert not (model / "report.html").exists()
    assert main(["report", "--run", str(model), "--data", str(voc), *QUICK]) == 0
    assert names(model / "report.html") == set("abcde")


def test_a_run_whose_photos_moved_says_what_to_do(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    moved = tmp_path / "run"
    shutil.copytree(run, moved)
    config = (moved / "config.yaml").read_text()
    first, *rest = config.splitlines()
    assert first.startswith("data: ")
    (moved / "config.yaml").write_text("\n".join(["data: gone", *rest]) + "\n")
    assert main(["report", "--run", str(moved), *QUICK]) == 1
    assert "there is no data set gone" in capsys.readouterr().err


def test_photos_that_are_not_those_of_the_run_are_refused(
    run: Path, voc: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept, other = shutil.copytree(run, tmp_path / "run"), shutil.copytree(voc, tmp_path / "other")
    (other / "image_labels.json").write_text(json.dumps({**LABELS, "c": ["dog"]}))
    config = kept / "config.yaml"
    config.write_text(config.read_text().replace(f"data: {voc}\n", f"data: {other}\n"))
    out = tmp_path / "page.html"
    report = ["report", "--run", str(kept), "--out", str(out), *QUICK]
    assert main(report) == 1
    assert f"1 photos of {other} (train) or their tags, c among them, are not those that" in (
        capsys.readouterr().err
    )
    assert not out.exists()
    assert main([*report, "--data", str(other), "--photos", "1"]) == 0


def test_a_photo_is_never_replaced(
    run: Path, voc: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photo = next((voc / "JPEGImages").iterdir())
    before = photo.read_bytes()
    assert main(["report", "--run", str(run), "--out", str(photo), *QUICK]) == 1
    assert "would meet the input" in capsys.readouterr().err
    assert photo.read_bytes() == before


@pytest.mark.parametrize("name", ["model.json", "config.yaml", "val_photos.txt"])
def test_no_file_of_the_run_is_replaced(
    run: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = (run / name).read_bytes()
    assert main(["report", "--run", str(run), "--out", str(run / name), *QUICK]) == 1
    assert "was not written by this command" in capsys.readouterr().err
    assert (run / name).read_bytes() == before
