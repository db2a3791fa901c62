"""``getam explain`` by the command line: files, and one line for each mistake."""

from pathlib import Path

import numpy as np
import pytest
from data.scenes import write_photo

from getam.cli.main import main

BACKBONE = ["--backbone", "vit_tiny_patch16_224", "--no-pretrained", "--device", "cpu"]


def test_named_classes_of_imagenet(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    photo, out = write_photo(tmp_path / "a.png"), tmp_path / "out"
    options = [*BACKBONE, "--images", str(photo), "--out", str(out), "--first-block", "10"]
    assert main(["explain", *options, "--classes", "golden retriever,0"]) == 0
    names = {"a.npz", "a.png", "a.golden retriever.getam.jpg", "a.tench.getam.jpg"}
    assert {path.name for path in out.iterdir()} == names | {"manifest.jsonl"}
    assert main(["explain", *options]) == 1
    assert "another command (not the same: classes)" in capsys.readouterr().err.splitlines()[-1]
    assert main(["explain", *options, "--overwrite", "--top", "1"]) == 0


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ([], "give --backbone NAME"),
        ([*BACKBONE, "--model", "."], "not both"),
        (["--backbone", "vit_tiny_patch16_225"], "nearest: vit_tiny_patch16_224"),
        ([*BACKBONE, "--classes", "goldfihs"], "did you mean 'goldfish'"),
        ([*BACKBONE, "--methods", "getan"], "method must be one of getam"),
        ([*BACKBONE, "--classes", ","], "a list of names such as a,b was expected"),
        ([*BACKBONE, "--top", "0"], "top must be 1 or more"),
        ([*BACKBONE, "--first-block", "99"], "first_block must lie in"),
        ([*BACKBONE, "--weights", "no.pth"], "weights: there is no no.pth"),
    ],
)
def test_mistakes(
    options: list[str], expected: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photo, out = write_photo(tmp_path / "a.png"), tmp_path / "out"
    assert main(["explain", *options, "--images", str(photo), "--out", str(out)]) == 1
    assert expected in capsys.readouterr().err.splitlines()[-1]


def test_a_wrong_method_makes_no_folder_and_repeats_count_once(tmp_path: Path) -> None:
    photo, out = write_photo(tmp_path / "a.png"), tmp_path / "out"
    options = [*BACKBONE, "--images", str(photo), "--out", str(out), "--first-block", "10"]
    assert main(["explain", *options, "--methods", "getan"]) == 1
    assert not out.exists()
    assert main(["explain", *options, "--methods", "getam,getam", "--classes", "0,tench"]) == 0
    assert np.load(out / "a.npz")["indices"].tolist() == [0]
    assert np.load(out / "a.npz")["getam"].shape[0] == 1
