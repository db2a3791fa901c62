"""The memory that is computed for a step is that of the tensors of a real one."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "memory_fit.py"


@pytest.mark.slow
def test_a_small_step_needs_what_is_computed() -> None:
    run = subprocess.run([sys.executable, str(SCRIPT), "--check"], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    pairs = re.findall(r"computed (\S+) GB, tensors of the real step (\S+),", run.stdout)
    assert len(pairs) == 2
    for computed, real in pairs:
        assert float(computed) == pytest.approx(float(real), rel=0.03)
