"""Files are found by listing each folder once, as if the disk had been asked for each of them."""

import os
from pathlib import Path

import pytest

from getam.data.disk import Disk

COMPOSED, DECOMPOSED = "\u00e9", "e\u0301"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a/1.jpg", f"a/{DECOMPOSED}/{DECOMPOSED}.png", "a/2.JPG", "a/3.tif", "a/3.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "a" / "5.jpg").mkdir()
    (tmp_path / "a" / "6.jpg").symlink_to("1.jpg")
    (tmp_path / "a" / "7.jpg").symlink_to("gone.jpg")
    (tmp_path / "a" / "9.jpg").symlink_to("9.jpg")  # to itself
    return tmp_path


@pytest.mark.parametrize(
    "name",
    [
        "a/1.jpg",
        "a/../a/1.jpg",
        "a/2.JPG",
        "a/2.jpg",
        "a/5.jpg",
        "a/6.jpg",
        "a/7.jpg",
        "a/9.jpg",
        "b/1.jpg",
    ]
    + ["a/1.jpg/1.jpg", "x" * 999 + ".jpg", "x" * 999 + "/1.jpg", "a\0/1.jpg", "", "a/", "a/."],
)
def test_it_says_what_the_disk_says(folder: Path, name: str) -> None:
    try:
        there = (folder / name).is_file()
    except OSError:  # the name is too long
        there = False
    assert Disk().find(f"{folder}/{name}") == (folder / name if there else None)


def test_spelling_and_endings(folder: Path) -> None:
    disk = Disk()
    found = disk.find(f"{folder}/a/{COMPOSED}/{COMPOSED}.png")
    assert found is not None
    assert found.is_file()
    assert disk.find(f"{folder}/a/3", [".jpg", ".png", ".tif"]) == folder / "a" / "3.png"
    assert disk.find(f"{folder}/a/4", [".jpg", ".png"]) is None


def test_of_two_spellings_the_one_asked_for_is_found(folder: Path) -> None:
    for name in (COMPOSED, DECOMPOSED):
        (folder / f"{name}.jpg").touch()
    if len([*folder.glob("*.jpg")]) < 2:
        pytest.skip("this disk takes both spellings for one name")
    for name in (COMPOSED, DECOMPOSED):
        assert Disk().find(f"{folder}/{name}.jpg") == folder / f"{name}.jpg"


def test_a_folder_is_listed_once(folder: Path) -> None:
    disk = Disk()
    assert disk.find(f"{folder}/a/8.jpg") is None
    (folder / "a" / "8.jpg").touch()
    assert disk.find(f"{folder}/a/8.jpg") is None
    assert Disk().find(f"{folder}/a/8.jpg") == folder / "a" / "8.jpg"


def test_a_relative_name(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder / "a")
    assert Disk().find("1.jpg") == Path("1.jpg")


def test_a_folder_that_may_be_entered_but_not_listed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(os, "scandir", refuse)  # a superuser may list every folder
    assert Disk().find(f"{folder}/a/1.jpg") == folder / "a" / "1.jpg"
    assert Disk().find(f"{folder}/a/0.jpg") is None
