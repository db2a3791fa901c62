"""``--saliency auto`` makes maps beside the run, and a folder of that name is ``./auto``."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from getam.cli.job import SOME_FAILED
from getam.cli.made_saliency import folder_of_process, folder_or_name
from getam.cli.main import main

QUICK = ["--workers", "0", "--device", "cpu"]


def options(voc: Path, out: Path, weights: Path) -> list[str]:
    return [
        *("--data", str(voc), "--split", "train", "--val", "val", "--out", str(out)),
        *("--backbone", "getam_vit_nano", "--weights", str(weights / "model.safetensors")),
        *("--decoder-width", "8", "--epochs", "1", "--crop", "32", "--batch-size", "2"),
        *("--long-side", "48"),
        *("--saliency", "auto", *QUICK),
    ]


@pytest.fixture(scope="module")
def run(voc: Path, folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("auto") / "run"
    assert main(["train", *options(voc, out, folder)]) == 0
    return out


def maps(run: Path) -> Iterator[Path]:
    return (run / "saliency").rglob("*.png")


def test_a_run_keeps_its_maps_and_says_where_they_come_from(run: Path) -> None:
    assert len([*maps(run)]) == 5
    origin = json.loads((run / "saliency" / "training.json").read_text())
    assert origin["provider"] == "self"
    assert origin["trained_with_masks"] is False
    assert "saliency: auto" in (run / "config.yaml").read_text()
    assert "rule: paper" in (run / "config.yaml").read_text()


def test_later_commands_use_the_same_maps(
    run: Path, voc: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {file: file.stat().st_mtime_ns for file in maps(run)}
    assert main(["report", "--run", str(run), *QUICK]) == 0
    page = (run / "report.html").read_text()
    assert "What stands out (saliency)" in page
    assert "trained_with_masks" in page
    label = ["label", "--model", str(run), "--data", str(voc), "--out", str(tmp_path / "labels")]
    assert main([*label, "--saliency", "self", *QUICK]) == 0
    assert main(["train", "--out", str(run), "--resume"]) == 0
    assert {file: file.stat().st_mtime_ns for file in maps(run)} == before
    assert main(["train", *options(voc, run, run)]) == 1
    assert "is not empty" in capsys.readouterr().err
    assert {file: file.stat().st_mtime_ns for file in maps(run)} == before


def test_label_makes_maps_of_the_photos_to_do_that_can_be_read(
    run: Path, voc: Path, tmp_path: Path
) -> None:
    photos, tags = tmp_path / "photos", tmp_path / "tags.json"
    shutil.copytree(voc / "JPEGImages", photos)
    (photos / "b.png").write_bytes(b"no photo")
    tags.write_text(json.dumps({name: ["cat"] for name in "abcd"}))
    shutil.copytree(run, tmp_path / "run")
    shutil.rmtree(tmp_path / "run" / "saliency")
    label = ["label", "--model", str(tmp_path / "run"), "--data", str(photos), *QUICK]
    label += ["--labels", str(tags), "--saliency", "self", "--out", str(tmp_path / "labels")]
    for number, status, names in ((1, 0, "ac"), (2, SOME_FAILED, "acd")):
        assert main([*label, "--shard", f"{number}/2"]) == status
        assert {path.stem for path in (tmp_path / "labels").glob("*.png")} == set(names)
        assert {path.stem[0] for path in maps(tmp_path / "run")} == set(names)


def test_a_dry_run_times_the_maps_and_writes_nothing(
    voc: Path, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", *options(voc, tmp_path / "run", folder), "--dry-run"]) == 0
    assert "saliency maps by self: 5 photos of" in capsys.readouterr().out
    assert not (tmp_path / "run").exists()


def test_random_weights_make_no_maps(
    voc: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    random = [*("--backbone", "getam_vit_nano", "--no-pretrained", "--saliency", "self")]
    assert main(["train", "--data", str(voc), "--out", str(out), *random]) == 1
    assert "begins with random weights" in capsys.readouterr().err
    assert not out.exists()


def test_a_folder_of_such_a_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "auto").mkdir()
    assert folder_or_name("auto") == "auto"
    assert "the folder of this name is ./auto" in caplog.text
    assert folder_or_name("./auto") == tmp_path / "auto"
    assert folder_or_name(str(tmp_path / "auto")) == tmp_path / "auto"
    assert folder_or_name("maps") == Path("maps")
    assert folder_or_name(None) is None


def test_check_takes_a_name_too(voc: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["check", str(voc), "--saliency", "auto"])
    assert "saliency" not in capsys.readouterr().out


def test_a_run_that_cannot_be_written_gets_maps_for_one_command(
    run: Path, voc: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("getam.cli.made_saliency.can_write", lambda _folder: False)
    kept = sorted(maps(run))
    command = ["label", "--model", str(run), "--data", str(voc), "--split", "val", *QUICK]
    assert main([*command, "--saliency", "self", "--out", str(tmp_path / "labels")]) == 0
    assert sorted(maps(run)) == kept
    assert folder_of_process(run) != folder_of_process(run)
