"""Real processes, started by the command itself and by torchrun: killed, they end, and go on."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow  # every process imports torch: a minute of processor time in all

COMMAND = [sys.executable, "-m", "getam"]
TORCHRUN = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "-m", "getam"]
TINY = [
    *("--backbone", "getam_vit_nano", "--no-pretrained", "--decoder-width", "8", "--crop", "32"),
    *("--long-side", "48", "--batch-size", "2", "--workers", "0"),
    *("--device", "cpu", "--precision", "32-true"),
]


Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def train() -> Iterator[Start]:
    """Start trainings in process groups of their own; what a failed test leaves behind is ended."""
    begun = []

    def start(command: list[str], *options: str) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            [*command, "train", *options], stderr=subprocess.PIPE, text=True, start_new_session=True
        )
        begun.append(process)
        return process

    yield start
    for process in begun:
        if process.poll() is None:
            process.kill()  # torchrun's own processes then end by themselves


def second_process(run: Path) -> int | None:
    """Return the other process that trains a run, None if there is none."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
            variables = (folder / "environ").read_bytes().split(b"\0")
        except OSError:  # it has just ended, or is not ours
            continue
        if os.fsencode(run) in words and b"LOCAL_RANK=1" in variables:
            return int(folder.name)
    return None


def wait_for_steps(run: Path, process: "subprocess.Popen[str]", *, beyond: int = 0) -> None:
    """Wait until a run has logged an epoch after so many steps."""
    deadline = time.monotonic() + 300
    while not (run / "metrics.jsonl").is_file() or steps_of(run)[-1:] <= [beyond]:
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < deadline
        time.sleep(0.05)


def steps_of(run: Path) -> list[int]:
    lines = (run / "metrics.jsonl").read_text().splitlines(keepends=True)
    return [json.loads(line)["step"] for line in lines if line.endswith("\n")]


@pytest.mark.parametrize("command", [[*COMMAND], [*TORCHRUN]], ids=["--devices", "torchrun"])
def test_a_killed_process_ends_the_run_which_goes_on_alone(
    command: list[str], train: Start, voc: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    given = ["--data", str(voc), "--split", "train", "--out", str(run), *TINY, "--epochs", "300"]
    devices = ["--devices", "2"] if command == COMMAND else []
    process = train(command, *given, *devices)
    wait_for_steps(run, process, beyond=2)  # the checkpoint of the first epoch is there
    second = second_process(run)
    assert second is not None
    os.kill(second, signal.SIGKILL)
    began = time.monotonic()
    said = process.communicate(timeout=60)[1]
    assert time.monotonic() - began < 30
    assert process.returncode != 0
    assert said.count("true masks were found") <= 1
    kept = steps_of(run)[-1]
    process = train(COMMAND, "--out", str(run), "--resume", "--devices", "1")
    wait_for_steps(run, process, beyond=kept)
    process.send_signal(signal.SIGTERM)
    assert "all saved" in process.communicate(timeout=60)[1]


def test_ctrl_c_at_the_terminal_saves_once_and_all_end(
    train: Start, voc: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    given = ["--data", str(voc), "--split", "train", "--out", str(run), *TINY, "--epochs", "300"]
    process = train(COMMAND, *given, "--devices", "2")
    wait_for_steps(run, process, beyond=2)  # the checkpoint of the first epoch is there
    assert second_process(run) is not None
    os.killpg(process.pid, signal.SIGINT)
    said = process.communicate(timeout=60)[1]
    assert process.returncode == 128 + signal.SIGINT
    assert said.splitlines()[-1].endswith("all saved: the same command with --resume goes on")
    assert said.count("all saved") == 1
    deadline = time.monotonic() + 30
    while second_process(run) is not None:
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.mark.parametrize("devices", ["1", "2"])
def test_numbers_left_over_from_another_program_do_not_count(
    devices: str, train: Start, voc: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("RANK", "LOCAL_RANK", "NODE_RANK", "WORLD_SIZE"):
        monkeypatch.setenv(variable, "1")
    run = tmp_path / "run"
    given = ["--data", str(voc), "--split", "train", "--out", str(run), *TINY, "--epochs", "300"]
    process = train(COMMAND, *given, "--devices", devices)
    wait_for_steps(run, process, beyond=2)
    process.send_signal(signal.SIGTERM)
    said = process.communicate(timeout=60)[1]
    assert process.returncode == 128 + signal.SIGTERM
    assert said.splitlines()[-1].endswith("all saved: the same command with --resume goes on")
    assert said.count("all saved") == 1
