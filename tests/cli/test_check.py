"""``getam check`` prints a table, writes JSON, and its exit status tells errors from warnings."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from data.scenes import write_photo, write_voc

from getam.cli.main import main


def test_warnings_leave_the_status_at_zero(
    voc: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "found.json"
    options = ["--saliency", str(voc / "saliency"), "--json", str(out)]
    assert main(["check", str(voc), *options]) == 0
    said = capsys.readouterr().out
    assert "warning, tiny photos: 5 photos have a side of less than 64 pixels" in said
    assert "errors: 0, warnings:" in said
    assert not json.loads(out.read_text())["has_errors"]
    assert main(["check", "--data", str(voc), "--no-pixels", "--classes", "cat,dog"]) == 0
    assert "tiny" not in capsys.readouterr().out


def test_a_missing_and_an_unreadable_photo_are_errors(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("a", "b"):
        write_photo(tmp_path / f"{name}.png")
    table = tmp_path / "tags.csv"
    table.write_text("image,labels\na.png,cat\nb.png,dog\ngone.png,dog\n")
    assert main(["check", str(table)]) == 3
    assert "ERROR, missing photos: 1 photos of" in capsys.readouterr().out
    table.write_text("image,labels\na.png,cat\nb.png,dog\n")
    (tmp_path / "b.png").write_text("no photo")
    assert main(["check", str(table)]) == 3
    assert "ERROR, unreadable photos: 1 photos" in capsys.readouterr().out


def test_what_training_refuses_is_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    voc = write_voc(tmp_path / "voc")
    for options in (["--split", "tarin"], ["--classes", "dgo"], ["--truth", "gone"]):
        assert main(["check", str(voc), "--no-pixels", *options]) == 3
        assert "training stops at it" in capsys.readouterr().out


def test_the_json_file_may_not_be_an_input(tmp_path: Path) -> None:
    write_photo(tmp_path / "a.png")
    table = tmp_path / "tags.csv"
    table.write_text("image,labels\na.png,cat\n")
    assert main(["check", str(table), "--json", str(table)]) == 1
    assert table.read_text().startswith("image,labels")


@pytest.mark.parametrize("name", ["JPEGImages/a.png", "image_labels.json", "classes.txt"])
def test_the_json_file_replaces_no_file_of_the_data(tmp_path: Path, name: str) -> None:
    voc = write_voc(tmp_path / "voc")
    before = (voc / name).read_bytes()
    assert main(["check", str(voc), "--json", str(voc / name)]) == 1
    assert (voc / name).read_bytes() == before


def test_a_name_that_is_no_unicode(tmp_path: Path) -> None:
    write_photo(tmp_path / "cat" / "a.png")
    os.link(tmp_path / "cat" / "a.png", os.fsencode(tmp_path / "cat") + b"/\xe9.png")
    found = subprocess.run(
        [sys.executable, "-m", "getam.cli.main", "check", tmp_path, "--no-pixels"],
        capture_output=True,
        check=False,
    )
    assert found.stdout.endswith(b"errors: 0, warnings: 2\n")
