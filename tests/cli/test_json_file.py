"""Scores go to the file that is named; if there are none, a line says so."""

import json
from pathlib import Path

import pytest
import torch

from getam.cli.json_file import write_scores
from getam.evaluation import Scores


def test_scores_none_and_no_file(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    scores = Scores.from_counts(torch.tensor([[3, 1], [0, 4]]), ["background", "cat"])
    write_scores(scores, tmp_path / "scores.json")
    assert json.loads((tmp_path / "scores.json").read_text())["iou"]["cat"] == 0.8
    write_scores(scores, None)
    write_scores(None, None)
    assert not caplog.messages
    write_scores(None, tmp_path / "none.json")
    assert caplog.messages == [f"no masks to score with: {tmp_path / 'none.json'} is not written"]
    assert [path.name for path in tmp_path.iterdir()] == ["scores.json"]
