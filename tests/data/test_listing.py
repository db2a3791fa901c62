"""Photos of a list: their ids, and the names that other lists call them by."""

from pathlib import Path

import pytest

from getam.data.listing import aliases, find_photos, name_photos, path_below, visible_files

from .scenes import write_photo


def named(*names: str, root: str | None = None) -> dict[str, Path]:
    return name_photos(map(Path, names), None if root is None else Path(root))


def test_ids_are_places_of_the_whole_list():
    photos = named("p/a/1.png", "p/b/1.png", "p/b/1.jpg", "p/c?.png", root="p")
    assert list(photos) == ["a/1", "b/1-2", "b/1", "c_"]
    assert photos["b/1"] == Path("p/b/1.jpg")
    assert list(named("p/a/1.png", "p/../q/1.png")) == ["p/a/1", "q/1"]
    assert list(named("p/a/1.png")) == ["1"]
    assert list(named("p/a/1.png", str(Path("q/2.png").absolute()))) == ["p/a/1", "q/2"]


def test_path_below():
    assert path_below(Path("r/a/1.v2.png"), Path("r")) == "a/1.v2"
    assert path_below(Path("/s/1.png"), Path("r")) == "s/1"


def test_a_list_may_use_paths_ids_and_stems_of_one_photo():
    photos = named("r/a/1.png", "r/b/1.png", "r/b/2.png", "r/c?.png", "r/3.png", root="r")
    known = aliases(photos, Path("r"))
    assert {"a/1": "a/1", "b/1": "b/1", "2": "b/2", "b/2": "b/2"}.items() <= known.items()
    assert known["c?"] == known["c_"] == "c_"
    assert "1" not in known  # of two photos


def test_an_ambiguous_path_keeps_to_the_id():
    known = aliases(named("r/1.png", "r/1.jpg", root="r"), Path("r"))
    assert known == {"1": "1", "1-2": "1-2"}


@pytest.mark.parametrize("given", ["\u00e9", "e\u0301"])
def test_names_are_in_nfc(given):
    known = aliases(named(f"r/{given}.png", f"r/a/{given}2.png", root="r"), Path("r"))
    assert known == {"\u00e9": "\u00e9", "a/\u00e92": "a/\u00e92", "\u00e92": "a/\u00e92"}


def test_hidden_files_are_passed_over(tmp_path):
    write_photo(tmp_path / ".trash" / "1.png")
    write_photo(tmp_path / "a" / "2.PNG")
    write_photo(tmp_path / "a" / "._2.png")
    (tmp_path / "a" / "2.txt").touch()
    assert find_photos(tmp_path) == [tmp_path / "a" / "2.PNG"]
    assert visible_files(tmp_path, {".png"}) == [tmp_path / "a" / "2.PNG"]
    assert visible_files(tmp_path / "b", {".png"}) == []
