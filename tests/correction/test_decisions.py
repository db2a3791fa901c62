"""Decisions outlive the program."""

import pytest

from getam.correction.decisions import ACCEPTED, OPEN, REJECTED, Decisions


def test_decisions_are_read_back(tmp_path):
    path = tmp_path / "decisions.json"
    decisions = Decisions(path)
    assert (decisions["cat/1"], decisions.shown, path.exists()) == (OPEN, "", False)
    decisions["cat/1"], decisions["b"] = ACCEPTED, REJECTED
    decisions.show("ü")
    again = Decisions(path)
    assert (again["cat/1"], again["b"], again["c"], again.shown) == (ACCEPTED, REJECTED, OPEN, "ü")
    again["cat/1"] = OPEN
    assert Decisions(path)["cat/1"] == OPEN
    assert [file.name for file in tmp_path.iterdir()] == ["decisions.json"]


@pytest.mark.parametrize("text", ["{", "[]", '{"photos": {"a": "maybe"}}', '{"shown": "a"}'])
def test_a_damaged_file_is_named(tmp_path, text):
    path = tmp_path / "decisions.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=r"decisions\.json"):
        Decisions(path)
