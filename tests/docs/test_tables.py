"""The tables of README and docs are those that the kept results make."""

import runpy
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.mark.parametrize("script", ["tables.py", "report.py"])
def test_every_table_is_the_one_that_the_results_make(
    script: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(BENCHMARKS)  # as if the script had been started
    monkeypatch.setattr(sys, "argv", [script, "--check"])
    with pytest.raises(SystemExit) as left:
        runpy.run_path(str(BENCHMARKS / script), run_name="__main__")
    assert left.value.code == 0, left.value.code
