"""Scores go to the file that is named; if there are none, a line says so."""

import json
from pathlib import Path

import pytest
import torch

from getam.cli.json_file import check_json_file, write_scores
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


def test_a_new_file_may_lie_among_the_photos(tmp_path: Path) -> None:
    check_json_file(tmp_path / "check.json", {"data": tmp_path})
    check_json_file(None, {"data": tmp_path})
    (tmp_path / "check.json").write_text("{}")
    check_json_file(tmp_path / "check.json", {"data": tmp_path / "photos", "out": tmp_path})


def test_no_file_of_a_folder_that_is_read_is_replaced(tmp_path: Path) -> None:
    labels, other = tmp_path / "sets" / "labels.json", tmp_path / "other"
    labels.parent.mkdir()
    labels.write_text("{}")
    other.symlink_to(tmp_path)
    for data in (tmp_path, other):
        with pytest.raises(ValueError, match=f"labels.json is a file of {data}"):
            check_json_file(labels, {"data": data, "out": None})


def test_no_file_that_a_data_yaml_names_is_replaced(tmp_path: Path) -> None:
    data, labels = tmp_path / "sets" / "data.yaml", tmp_path / "labels.json"
    photos = tmp_path / "photos" / "train" / "about.json"
    for file in (data, labels, photos):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("{}")
    data.write_text("path: ../photos/{split}\nlabels: ../labels.json\n")
    for file, reason in ((labels, "would meet the input"), (photos, "is a file of")):
        with pytest.raises(ValueError, match=f"{file.name} {reason}"):
            check_json_file(file, {"data": data, "split": "train"})
    check_json_file(tmp_path / "new.json", {"data": data, "split": "train"})


def test_a_file_of_another_kind_is_not_replaced(tmp_path: Path) -> None:
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(b"\xff\xd8")
    with pytest.raises(FileExistsError, match=r"photo\.jpg exists"):
        check_json_file(photo, {"data": tmp_path / "elsewhere.csv"})
