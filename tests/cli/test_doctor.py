"""The verb prints what it finds, and writes the same as JSON."""

import json
from pathlib import Path

import pytest

from getam.cli.main import main


def test_what_is_written_is_what_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["doctor", "--json", str(tmp_path / "found.json")]) == 0
    found = json.loads((tmp_path / "found.json").read_text())
    said = capsys.readouterr().out
    assert all(fact["name"] in said and fact["value"] in said for fact in found["facts"])
    assert found["machine"]["versions"]["torch"] in said
