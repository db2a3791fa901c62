"""``getam demo`` by the command line: it never fills a folder that holds something else."""

from pathlib import Path

import pytest

from getam.cli.main import main


def test_a_folder_in_use_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "thesis.txt").write_text("precious")
    assert main(["demo", "--out", str(tmp_path), "--json", str(tmp_path / "scores.json")]) == 1
    assert "is not empty" in capsys.readouterr().err.splitlines()[-1]
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]
