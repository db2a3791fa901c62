"""A run folder is never overwritten, and goes on with the same settings alone."""

import pytest

from getam.training.run_folder import RunFolder


def test_a_run_may_go_on_elsewhere(tmp_path):
    began = {"crop": 32, "workers": 2, "device": "cuda", "out": "run"}
    RunFolder(tmp_path, began).begin()
    moved = {"crop": 32, "workers": 0, "device": "cpu", "out": "moved"}
    assert RunFolder(tmp_path, moved, resume=True).config is None


def test_killed_before_anything_was_logged(tmp_path):
    path = tmp_path / "run"
    RunFolder(path, {"epochs": 2}).begin()
    (path / "tensorboard").mkdir()
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
