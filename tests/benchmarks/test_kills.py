"""The short version of ``python benchmarks/kills.py``: five kills, and nothing is lost."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "kills.py"


@pytest.mark.slow
def test_five_kills_lose_nothing(tmp_path: Path) -> None:
    file = tmp_path / "kills.json"
    given = ["--training", "4", "--prediction", "1", "--results", str(file)]
    for _ in range(2):  # the second time, all is done
        done = subprocess.run(
            [sys.executable, str(SCRIPT), *given], capture_output=True, text=True, timeout=900
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout.splitlines()[-1] == "5 kills, and nothing was lost."
    rows = json.loads(file.read_text())
    assert list(rows) == [*(f"training {number}" for number in range(4)), "prediction 0"]
    assert all(0 <= row["seconds"] < row["of"] for row in rows.values())
