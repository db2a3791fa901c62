"""A diagnosis lists the facts, and after them what of them will matter."""

import json
from pathlib import Path

import pytest

from getam.cli.main import main
from getam.doctor import Diagnosis, Fact, examine


def test_only_what_matters_is_said_again() -> None:
    facts = [Fact("memory", "2.0 GB", "It is little."), Fact("python", "3.11")]
    assert Diagnosis(facts).table().splitlines() == [
        "memory  2.0 GB",
        "python  3.11",
        "",
        "what will matter:",
        "  memory: It is little.",
    ]
    assert Diagnosis(facts[1:]).table().endswith("Nothing stands in the way of a run.")


def test_every_fact_of_this_machine() -> None:
    names = [fact.name for fact in examine().facts]
    assert names[:6] == ["python", "versions", "devices", "processor", "memory", "extras"]
    assert names[6] == "cache"
    assert names[-1] == "hub"
    for fact in examine().facts:
        assert fact.value
        assert not fact.meaning or fact.meaning.endswith(".")


def test_the_verb(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--json", str(tmp_path / "found.json")]) == 0
    found = json.loads((tmp_path / "found.json").read_text())
    said = capsys.readouterr().out
    assert all(fact["name"] in said and fact["value"] in said for fact in found["facts"])
    assert found["machine"]["versions"]["torch"] in said
