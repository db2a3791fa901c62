"""The tables of README and docs are those that the kept results make."""

import runpy
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "tables.py"


def test_every_table_is_the_one_that_the_results_make(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(SCRIPT.parent)  # as if the script had been started
    monkeypatch.setattr(sys, "argv", [SCRIPT.name, "--check"])
    with pytest.raises(SystemExit) as left:
        runpy.run_path(str(SCRIPT), run_name="__main__")
    assert left.value.code == 0, left.value.code
