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
    goes_on,
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


@pytest.mark.parametrize(
    ("began", "now"), [("auto", "/maps"), ("/maps", "auto"), (None, "/maps"), ("/maps", None)]
)
def test_a_folder_of_saliency_maps_may_move_and_no_more(began, now, tmp_path):
    RunFolder(tmp_path / "a", {"saliency": "/maps"}).begin()
    moved = RunFolder(tmp_path / "a", {"saliency": "/other"}, resume=True)
    assert moved.config["saliency"] == "/other"
    RunFolder(tmp_path / "b", {"saliency": began}).begin()
    with pytest.raises(ValueError, match="saliency is .*, but the run in .* began with"):
        RunFolder(tmp_path / "b", {"saliency": now}, resume=True)


def test_killed_before_the_first_checkpoint(tmp_path, caplog):
    path = tmp_path / "run"
    assert goes_on(path, resume=True)  # nothing is there: an error will say so
    begun = RunFolder(path, {"epochs": 2})
    begun.begin()
    begun.log({"step": 1})
    begun.write_val_photos([Path("a.png")])
    for folder in ("csv", "samples"):
        (path / folder).mkdir()
    names = ("train_photos.json", "corrected.json", ".checkpoint.7.pt", ".scores.7.json")
    for name in (*names, "samples/epoch001.jpg", "samples/.epoch002.7.jpg"):
        (path / name).touch()
    again = RunFolder(path, {"epochs": 3})
    assert "epochs: 2" in (path / "config.yaml").read_text()
    assert not goes_on(path, resume=True)
    assert len(caplog.messages) == 1
    assert caplog.messages[0].endswith("had no checkpoint yet, so it begins anew")
    again.begin()
    assert "epochs: 3" in (path / "config.yaml").read_text()
    assert {p.name for p in path.iterdir()} == {"config.yaml", "env.json", "csv", "samples"}
    (path / "checkpoint_before.pt").touch()
    assert goes_on(path, resume=True)
    with pytest.raises(FileExistsError, match="go on with --resume"):
        RunFolder(path, {"epochs": 3})


@pytest.mark.parametrize("name", ["thesis.txt", "samples/cat.jpg", "model.safetensors", ".a.7.pt"])
def test_what_no_killed_run_left_is_never_written_over(tmp_path, name):
    RunFolder(tmp_path, {"epochs": 2}).begin()
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).touch()
    assert goes_on(tmp_path, resume=True)
    with pytest.raises(FileExistsError, match="choose another folder$"):
        RunFolder(tmp_path, {"epochs": 3})


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "tags.csv").write_text("image,labels\n")
    with pytest.raises(FileExistsError, match="tags.csv is a file: choose a folder"):
        RunFolder(tmp_path / "tags.csv", {})


def test_settings_of_the_user_are_no_killed_run(tmp_path):
    (tmp_path / "config.yaml").write_text("epochs: 3")
    with pytest.raises(FileExistsError):
        RunFolder(tmp_path, {})


@pytest.mark.parametrize("name", ["csv/mine.csv", "samples/epoch001.jpg"])
def test_folders_of_the_user_with_the_names_of_ours_are_no_killed_run(tmp_path, name):
    file = tmp_path / "run" / name
    file.parent.mkdir(parents=True)
    file.write_text("mine")
    with pytest.raises(FileExistsError, match="is not empty"):
        RunFolder(tmp_path / "run", {})


def test_what_a_kill_left_half_written_is_removed_when_the_run_goes_on(tmp_path):
    RunFolder(tmp_path, {"epochs": 2}).begin()
    cut = (".checkpoint.7.pt", ".model.7.safetensors", "samples/.val.7.jpg", "samples/val.jpg")
    for name in (*cut, "checkpoint.pt", ".mine.7.pt", "samples/.mine.7.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    RunFolder(tmp_path, {"epochs": 2}, resume=True).begin()
    assert {path.name for path in tmp_path.rglob("*.*") if path.is_file()} == {
        *("config.yaml", "env.json", "checkpoint.pt", ".mine.7.pt", ".mine.7.jpg", "val.jpg")
    }


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
