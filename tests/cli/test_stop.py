"""A stop that reaches the trainer and its reading processes at once saves the run all the same."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from data.scenes import write_voc

from getam.cli.main import main

TINY = [
    *("--backbone", "getam_vit_nano", "--no-pretrained", "--decoder-width", "8", "--crop", "32"),
    *("--long-side", "48", "--batch-size", "2", "--workers", "1"),
    *("--device", "cpu", "--epochs", "8"),
]


@pytest.mark.parametrize(
    "number", [signal.SIGTERM, pytest.param(signal.SIGUSR1, marks=pytest.mark.slow)]
)
def test_a_signal_to_the_whole_group_saves_the_run_soon(
    number: signal.Signals, tmp_path: Path
) -> None:
    voc, run = write_voc(tmp_path / "voc"), tmp_path / "run"
    process = start(["--data", str(voc), "--split", "train", *TINY], run)
    wait_for(run / "checkpoint.pt", process)
    sent = time.time()
    os.killpg(process.pid, number)
    _, said = process.communicate(timeout=120)
    assert process.returncode == 128 + number, said
    assert (run / "checkpoint.pt").stat().st_mtime - sent < 10
    assert said.splitlines()[-1].endswith("all saved: the same command with --resume goes on")
    assert main(["train", "--out", str(run), "--resume"]) == 0
    assert epochs(run) == list(range(1, 9))


def start(data: list[str], out: Path) -> "subprocess.Popen[str]":
    """Train in a process group of its own, as a shell or a container would."""
    return subprocess.Popen(
        [sys.executable, "-m", "getam.cli.main", "train", *data, "--out", str(out)],
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def wait_for(path: Path, process: "subprocess.Popen[str]") -> None:
    """Wait until a file is there; the process must not have ended before."""
    deadline = time.monotonic() + 300
    while not path.exists():
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.01)


def epochs(run: Path) -> list[int]:
    """Return the numbers of the epochs that were logged."""
    entries = map(json.loads, (run / "metrics.jsonl").read_text().splitlines())
    return [entry["epoch"] for entry in entries if "epoch" in entry]
