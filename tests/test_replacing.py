"""A file replaces one of its own kind, and nothing else."""

import os
from pathlib import Path

import pytest

from getam.replacing import HTML, JSON, refuse_other_kind


def test_a_new_file_and_one_of_the_same_kind(tmp_path: Path) -> None:
    refuse_other_kind(tmp_path / "new" / "scores.json", begins=JSON)
    old, page = tmp_path / "old.json", tmp_path / "page.html"
    old.write_text('{"miou": 0.5}')
    page.write_text("<!DOCTYPE html>\n<html>")
    refuse_other_kind(old, begins=JSON)
    refuse_other_kind(page, begins=HTML)
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["old.json", "page.html"]


@pytest.mark.parametrize("content", [b"", b"\x89PNG", b"image,labels\n", b"[1]"])
def test_another_file_is_kept(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "scores.json"
    file.write_bytes(content)
    link = tmp_path / "link.json"
    link.symlink_to(file)
    for name in (file, link):
        with pytest.raises(FileExistsError, match="exists and was not written by this command"):
            refuse_other_kind(name, begins=JSON)


def test_what_is_no_file(tmp_path: Path) -> None:
    for name in (tmp_path, Path(os.devnull)):
        with pytest.raises(FileExistsError, match="choose another name"):
            refuse_other_kind(name, begins=JSON)
    (tmp_path / "file").write_text("{")
    with pytest.raises(FileExistsError, match="is no folder"):
        refuse_other_kind(tmp_path / "file" / "scores.json", begins=JSON)


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is read-only for the superuser")
def test_a_read_only_folder(tmp_path: Path) -> None:
    (tmp_path / "locked").mkdir(mode=0o500)
    with pytest.raises(PermissionError, match="read-only"):
        refuse_other_kind(tmp_path / "locked" / "scores.json", begins=JSON)
