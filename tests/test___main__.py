"""``python -m getam`` is the command."""

import subprocess
import sys


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "getam", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_module_prints_the_verbs() -> None:
    answer = run("--help")
    assert answer.returncode == 0
    assert answer.stdout.startswith("usage: getam")


def test_the_module_passes_on_the_exit_status() -> None:
    answer = run("trian")
    assert answer.returncode == 2
    assert "'train'" in answer.stderr
