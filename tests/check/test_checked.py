"""The table is cut for people and says so; the JSON has everything."""

import json
from pathlib import Path

from getam.check import Checked, Finding
from getam.check.checked import SHOWN, Part

PART = Part(
    "photos", 9, unlabelled=1, none=2, classes={"cat": 5, "dog": 3}, alone={"cat": 4, "dog": 2}
)
NAMES = tuple(f"{number}.jpg" for number in range(12))
ERROR = Finding("error", "missing photos", "12 photos are not there", "add them", NAMES)
WARNING = Finding("warning", "equal photos", "2 photos are equal", "keep one", (("a", "b"),))


def test_table() -> None:
    sizes = {"smallest": (20, 10), "largest": (40, 30)}
    lines = Checked({"train": PART}, sizes, [ERROR, WARNING]).table().splitlines()
    assert lines[:2] == [
        "train: 9 photos of photos, 2 show none of the classes, nothing is known about 1",
        "sizes: smallest 20 x 10, largest 40 x 30",
    ]
    assert [line.split() for line in lines[3:6]] == [
        ["class", "train", "train,", "alone"],
        ["cat", "5", "4"],
        ["dog", "3", "2"],
    ]
    assert lines[7] == "ERROR, missing photos: 12 photos are not there"
    assert [line.strip() for line in lines[8 : 8 + SHOWN]] == list(NAMES[:SHOWN])
    assert lines[8 + SHOWN] == f"    ... and {12 - SHOWN} more (--json FILE lists all)"
    assert lines[-3:] == ["    -> keep one", "", "errors: 1, warnings: 1"]
    assert "    a = b" in lines


def test_json_has_every_name(tmp_path: Path) -> None:
    Checked({"train": PART}, {}, [ERROR, WARNING]).write_json(tmp_path / "found.json")
    found = json.loads((tmp_path / "found.json").read_text())
    assert found["findings"][0]["names"] == list(NAMES)
    assert found["findings"][1]["names"] == [["a", "b"]]
    assert found["parts"]["train"]["classes"] == {"cat": 5, "dog": 3}
    assert found["has_errors"]


def test_only_more_than_a_warning_is_an_error() -> None:
    assert not Checked({"train": PART}, {}, [WARNING]).has_errors
    assert Checked({"train": PART}, {}, []).table().endswith("nothing is wrong")


def test_a_name_that_is_no_unicode_is_kept(tmp_path: Path) -> None:
    name = b"caf\xe9.jpg".decode(errors="surrogateescape")
    finding = Finding("warning", "tiny photos", "one photo", "enlarge it", (name, "café.jpg"))
    Checked({"train": PART}, {}, [finding]).write_json(tmp_path / "found.json")
    found = json.loads((tmp_path / "found.json").read_text(encoding="utf-8"))
    assert found["findings"][0]["names"] == [name, "café.jpg"]


def test_a_name_with_a_line_break_stays_in_its_row() -> None:
    part = Part("a\nb", 1, unlabelled=0, none=0, classes={"c\nd": 1}, alone={"c\nd": 1})
    finding = Finding("warning", "tiny photos", "e\nf", "enlarge it", ("\x1bg",))
    lines = Checked({"train": part}, {}, [finding]).table().splitlines()
    assert lines[0] == r"train: 1 photos of a\nb"
    assert lines[3].split() == [r"c\nd", "1", "1"]
    assert lines[5:7] == [r"warning, tiny photos: e\nf", r"    \x1bg"]
