"""``getam score`` gives the score that a count by hand gives."""

import json
from pathlib import Path

import numpy as np
import pytest
from data.scenes import write_mask

from getam.cli.main import main


@pytest.fixture
def masks(tmp_path: Path) -> list[str]:
    """One photo: of four background pixels one is called cat; a dog pixel is called cat."""
    write_mask(tmp_path / "truth" / "a.png", np.array([[0, 0, 0, 0], [1, 1, 2, 255]]))
    write_mask(tmp_path / "found" / "a.png", np.array([[0, 0, 0, 1], [1, 1, 1, 2]]))
    (tmp_path / "classes.txt").write_text("background\ncat\ndog\n")
    folders = {"predictions": "found", "truth": "truth", "classes": "classes.txt"}
    return [w for option, name in folders.items() for w in (f"--{option}", str(tmp_path / name))]


def test_every_class(masks: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["score", *masks, "--json", str(tmp_path / "scores.json")]) == 0
    scores = json.loads((tmp_path / "scores.json").read_text())
    assert scores["iou"] == {"background": 3 / 4, "cat": 2 / 4, "dog": 0.0}
    assert capsys.readouterr().out.splitlines()[-1] == f"mIoU {1.25 / 3:.3f}"


def test_some_classes_and_some_photos(
    masks: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "ids.txt").write_text("a\n")
    given = [*masks, "--ids", str(tmp_path / "ids.txt")]
    assert main(["score", *given, "--only", "cat"]) == 0  # the dog's pixel is left out
    assert capsys.readouterr().out.splitlines()[-1] == f"mIoU {(3 / 4 + 2 / 3) / 2:.3f}"
    assert main(["score", *given, "--only", "cta"]) == 1
    assert "did you mean 'cat'?" in capsys.readouterr().err.splitlines()[-1]
