"""A run folder is never overwritten, and goes on with the same settings alone."""

import os
from dataclasses import replace
from pathlib import Path

import pytest
from data.scenes import write_photo

from getam.data import list_photos
from getam.training.run_folder import (
    RunFolder,
    check_listable,
    check_same,
    held_out_of,
    recorded_settings,
    val_photos_of,
)
from getam.training.train_photos import write_train_photos


def test_a_run_may_go_on_elsewhere(tmp_path):
    began = {"crop": 32, "workers": 2, "device": "cuda", "out": "run", "data": "photos"}
    RunFolder(tmp_path, began).begin()
    started = (tmp_path / "env.json").read_bytes()
    moved = {"crop": 32, "workers": 0, "device": "cpu", "out": "moved", "data": "elsewhere"}
    RunFolder(tmp_path, moved, resume=True).begin()
    assert recorded_settings(tmp_path) == {**began, "data": "elsewhere"}
    assert (tmp_path / "env.json").read_bytes() == started
    with pytest.raises(ValueError, match="data is 'photos', but the run in .* 'elsewhere': "):
        check_same(tmp_path, began)  # a finished run is not moved


def test_killed_before_anything_was_logged(tmp_path):
    path = tmp_path / "run"
    RunFolder(path, {"epochs": 2}).begin()
    (path / "csv").mkdir()
    (path / "train_photos.json").touch()
    again = RunFolder(path, {"epochs": 3})
    assert "epochs: 2" in (path / "config.yaml").read_text()
    again.begin()
    assert "epochs: 3" in (path / "config.yaml").read_text()
    again.log({"step": 1})
    with pytest.raises(FileExistsError, match="choose another folder$"):
        RunFolder(path, {"epochs": 3})
    (path / "checkpoint.pt").touch()
    with pytest.raises(FileExistsError, match="go on with --resume"):
        RunFolder(path, {"epochs": 3})


def test_a_log_line_cut_off_by_a_crash_is_dropped(tmp_path):
    folder = RunFolder(tmp_path / "run", {"epochs": 2})
    folder.begin()
    for step in (1, 2, 3):
        folder.log({"step": step})
    with (folder.path / "metrics.jsonl").open("a") as file:
        file.write('{"step": 4, "to')
    folder.forget_after(2)
    assert folder.metrics() == [{"step": 1}, {"step": 2}]


def test_photos_to_score_may_have_any_name_that_stays_in_a_line(tmp_path):
    names = (b"\xff.png", b"caf\xe9.png", "é\u2028.png".encode())
    photos = [tmp_path / os.fsdecode(name) for name in names]
    made = write_photo(tmp_path / "made.png")
    for photo in photos:
        os.link(made, photo)
    folder = RunFolder(tmp_path / "run", {})
    assert val_photos_of(folder.path) == []
    folder.write_val_photos(photos)
    assert val_photos_of(folder.path) == photos
    assert [r.image for r in list_photos(folder.path / "val_photos.txt").records] == photos
    check_listable(photos)
    with pytest.raises(ValueError, match=r"'a\\nb.png' has a line break, .*: rename"):
        check_listable([Path("a\nb.png")])


def test_what_a_run_held_out_is_known_wherever_it_lies(tmp_path):
    for name in ("1/a.png", "2/a.png", "1/b.png", "1/c.png", "2/c.png"):
        write_photo(tmp_path / name)
    source = list_photos(tmp_path)
    run = tmp_path / "run"
    assert held_out_of(run, source) is None
    records = tuple(record for record in source.records if record.id in ("1/a", "1/b", "2/c"))
    RunFolder(run, {}).write_val_photos([Path("elsewhere/1/c.png"), Path("elsewhere/2/c.png")])
    write_train_photos(run, replace(source, records=records))
    assert held_out_of(run, source) == {"1/c"}  # 2/c trains, and 2/a is new
