"""Kill runs at random moments and see that nothing is lost: python benchmarks/kills.py.

Each run of ``getam train`` is killed once (SIGKILL), at a moment that is uniform between its first
step and its end, and is then resumed to the end. It must then hold the same as a run that nobody
killed: the weights bit for bit, every other tensor of the checkpoint, every figure, every file.
``getam predict`` is killed likewise and given again: every mask must be there as if nobody had
killed it, and the manifest must hold each exactly once. After every kill, each file that has its
name must be whole; a cut last line of a log is the one exception, and counts for nothing.

A run is a real process. This program imports everything once, and each run is a fork of it that
calls the command; otherwise the imports would take most of the time. The network and the photos
are tiny, and a checkpoint is written after every step (``--save-minutes 0``), so that many kills
hit its writing. What was hit is read from the files that the killed process left.

``results/kills.json`` keeps a row for each kill, so that the program goes on where it stopped. It
ends at the first loss, and leaves the folder.
"""

import argparse
import importlib
import json
import os
import random
import shutil
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import torch
import yaml
from PIL import Image
from rows import keep_row, read_rows
from safetensors.torch import load_file

from getam.cli.main import main as getam
from getam.outputs import MANIFEST
from getam.training.checkpoint import BEFORE, CHECKPOINT, load_checkpoint
from getam.training.run_folder import METRICS
from getam.training.train_photos import TRAIN_PHOTOS

ROOT = Path(__file__).resolve().parents[1]
RESULTS = Path(__file__).with_name("results") / "kills.json"
TRAINING, PREDICTION = "training", "prediction"
EPOCHS, STEPS, JOINT_FROM = 5, 20, 10  # four photos an epoch, one a step
MASKS = 40
TINY = {
    "backbone": "test_vit",  # of timm: six blocks of width 64
    "no-pretrained": "",
    "decoder-width": 8,
    "crop": 64,
    "long-side": 64,
    "batch-size": 1,
    "balance": 0,
    "epochs": EPOCHS,
    "joint-from": JOINT_FROM / STEPS,
    "first-block": 3,
    "iterations": 2,
    "precision": "32-true",
    "device": "cpu",
    "workers": 0,
    "save-minutes": 0,
}
TIMES = {"seconds", "images_per_second"}
POLL = 0.001  # seconds
BROKEN = 70  # the status of a run that ended by an error which the command does not expect

State = dict[str, Any]


@dataclass(frozen=True)
class Command:
    """A command of getam can be killed and goes on.

    Attributes
    ----------
    begin, again
        Its words for a folder: at first, and after a kill.
    begun
        A file or folder that is there when the first step begins.
    seen
        What a kill left in a folder, for a row of the results.
    check
        Raises an AssertionError if a folder differs from that of a run that nobody killed.
    """

    begin: Callable[[Path], list[str]]
    again: Callable[[Path], list[str]]
    begun: str
    seen: Callable[[Path], dict[str, Any]]
    check: Callable[[Path, Path], None]


def main() -> None:
    """Make every kill that is missing, and print the counts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--training", type=int, default=100, help="kills of a training")
    parser.add_argument("--prediction", type=int, default=30, help="kills of a prediction")
    parser.add_argument("--results", type=Path, default=RESULTS)
    options = parser.parse_args()
    torch.set_num_threads(1)  # a fork has no other threads
    counts = {TRAINING: options.training, PREDICTION: options.prediction}
    missing = [
        (kind, number)
        for kind, count in counts.items()
        for number in range(count)
        if f"{kind} {number}" not in read_rows(options.results)
    ]
    if missing:
        scratch = Path(mkdtemp(prefix="kills-"))
        make_kills(missing, scratch, options.results)
        shutil.rmtree(scratch)
    rows = read_rows(options.results)
    print(f"{table(rows)}\n\n{len(rows)} kills, and nothing was lost.")


def make_kills(missing: Iterable[tuple[str, int]], scratch: Path, results: Path) -> None:
    """Make kills and keep a row of each.

    Parameters
    ----------
    missing
        The kind and the number of each kill.
    scratch
        An empty folder to work in.
    results
        The file of the rows.
    """
    commands = commands_in(scratch)
    whole = {kind: scratch / f"whole {kind}" for kind in commands}
    seconds = {kind: undisturbed(commands[kind], whole[kind]) for kind in commands}
    for kind, number in missing:
        command, out = commands[kind], scratch / f"{kind} {number}"
        drawn = random.Random(f"{kind} {number}")
        moment, ended = drawn.random() * seconds[kind], 0
        while not killed(command, out, moment):  # it was faster than the run that was timed
            ended += 1
            shutil.rmtree(out)
            moment = drawn.random() * seconds[kind]
        try:
            check_named_files_are_whole(out)
            seen = command.seen(out)
            finish(command.again(out), out)
            command.check(out, whole[kind])
        except Exception:
            traceback.print_exc()
            raise SystemExit(f"{kind} {number}: something was lost, see {out}") from None
        times = {"seconds": round(moment, 3), "of": round(seconds[kind], 3), "ended before": ended}
        keep_row(results, f"{kind} {number}", {**times, **seen})
        print(f"{kind} {number}: {seen}", flush=True)
        shutil.rmtree(out)


def commands_in(scratch: Path) -> dict[str, Command]:
    """Write the photos and return the commands that work on them."""
    sys.path.append(str(ROOT / "tests"))
    from data.scenes import write_photo, write_voc

    voc, photos = write_voc(scratch / "voc"), scratch / "photos"
    for number in range(MASKS):
        write_photo(photos / f"{number // 10}" / f"{number:02d}.png", seed=number)
    given = [f"--{name}={value}" if value != "" else f"--{name}" for name, value in TINY.items()]
    data = ["--data", str(voc), "--split", "train", "--val", "val", "--saliency"]
    train = ["train", *data, str(voc / "saliency"), *given, "--out"]
    predict = ["predict", "--model", str(scratch / f"whole {TRAINING}"), "--images", str(photos)]
    predict += ["--device", "cpu", "--workers", "0", "--out"]
    return {
        TRAINING: Command(
            lambda out: [*train, str(out)],
            lambda out: ["train", "--out", str(out), "--resume"],
            TRAIN_PHOTOS,
            seen_in_run,
            check_run,
        ),
        PREDICTION: Command(
            lambda out: [*predict, str(out)],
            lambda out: [*predict, str(out)],
            ".manifest.part",
            seen_in_masks,
            check_masks,
        ),
    }


def undisturbed(command: Command, out: Path) -> float:
    """Run a command to its end twice, and return how long the second took from its first step.

    The first tells which modules it needs, so that this program can import them for all others.
    """
    first = out.with_name(f"{out.name}, first")
    finish(command.begin(first), out)
    for module in log_of(out).with_suffix(".modules").read_text().split():
        with suppress(Exception):  # what is no module of its own, such as parts of `six`
            importlib.import_module(module)
    process = begin(command.begin(out), out)
    assert ends_before(process, lambda: (out / command.begun).exists()) is None
    began = time.monotonic()
    status = ends_before(process, lambda: False)
    assert status == 0, log_of(out).read_text()
    return time.monotonic() - began


def begin(words: Sequence[str], out: Path) -> int:
    """Begin a command in a process of its own, and return the number of the process."""
    process = os.fork()
    if process:
        return process
    log = os.open(log_of(out), os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(log, 1)
    os.dup2(log, 2)
    status = BROKEN
    try:
        status = getam(words)
        log_of(out).with_suffix(".modules").write_text("\n".join(sys.modules))
    except BaseException:
        traceback.print_exc()
    finally:  # whatever happens, this process must not go on as the program that it was
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def log_of(out: Path) -> Path:
    """Return the file of what a command said."""
    return out.with_name(f"{out.name}.log")


def finish(words: Sequence[str], out: Path) -> None:
    """Run a command to its end."""
    status = ends_before(begin(words, out), lambda: False)
    assert status == 0, log_of(out).read_text()


def ends_before(process: int, event: Callable[[], bool]) -> int | None:
    """Return the status of a process if it ends before an event, None if the event comes first."""
    while True:
        found, status = os.waitpid(process, os.WNOHANG)
        if found:
            return os.waitstatus_to_exitcode(status)
        if event():
            return None
        time.sleep(POLL)


def killed(command: Command, out: Path, moment: float) -> bool:
    """Begin a command and kill it so many seconds after its first step.

    Returns
    -------
    bool
        False if it came to its end before.
    """
    process = begin(command.begin(out), out)
    status = ends_before(process, lambda: (out / command.begun).exists())
    until = time.monotonic() + moment
    if status is None:
        status = ends_before(process, lambda: time.monotonic() >= until)
    if status is None:
        os.kill(process, signal.SIGKILL)
        status = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    assert status in (0, -signal.SIGKILL), log_of(out).read_text()
    return status != 0


def check_named_files_are_whole(out: Path) -> None:
    """Read every file that has its final name; hidden ones are unfinished, and nobody reads them.

    Raises
    ------
    Exception
        Any kind, if a file is not whole.
    """
    for path in out.rglob("*"):
        hidden = any(part.startswith(".") for part in path.relative_to(out).parts)
        if path.is_file() and not hidden:
            READERS[path.suffix](path)


def read_picture(path: Path) -> None:
    """Decode a picture."""
    with Image.open(path) as picture:
        picture.load()


def read_lines(path: Path) -> list[State]:
    """Read a log; a last line that was cut off is left out, as the program leaves it out."""
    lines = path.read_text().split("\n")[:-1]
    return [json.loads(line) for line in lines]


READERS: dict[str, Callable[[Path], object]] = {
    ".pt": lambda path: torch.load(path, weights_only=True),
    ".safetensors": load_file,
    ".json": lambda path: json.loads(path.read_text()),
    ".jsonl": read_lines,
    ".yaml": lambda path: yaml.safe_load(path.read_text())["epochs"],
    ".txt": Path.read_text,
    ".jpg": read_picture,
    ".png": read_picture,
}


def seen_in_run(out: Path) -> dict[str, Any]:
    """Say what a training was doing when it was killed, as its files tell."""
    last = next((out / n for n in (CHECKPOINT, BEFORE) if (out / n).exists()), None)
    saved = 0 if last is None else torch.load(last, weights_only=True)["done"]
    unfinished = any(path.name.startswith(".checkpoint.") for path in out.iterdir())
    phase = "phase one" if saved < JOINT_FROM else "phase two"
    return {
        "hit": phase if saved < STEPS else "after the last step",
        "while a checkpoint was written": unfinished,
        "between two names": unfinished and last == out / BEFORE,
        "steps saved": saved,
    }


def check_run(out: Path, whole: Path) -> None:
    """Compare a run that was killed and resumed with one that nobody killed."""
    assert names_in(out) == names_in(whole)
    for name in ("model.safetensors", "model.json", "quality.json", TRAIN_PHOTOS):
        assert (out / name).read_bytes() == (whole / name).read_bytes(), name
    for name, read in (
        ("scores.json", lambda folder: json.loads((folder / "scores.json").read_text())),
        (METRICS, lambda folder: read_lines(folder / METRICS)),
        (CHECKPOINT, load_checkpoint),
    ):
        assert same(read(out), read(whole)), name


def same(ours: Any, theirs: Any) -> bool:
    """Return whether two values are equal, every tensor bit for bit; time does not count."""
    if isinstance(ours, torch.Tensor):
        return ours.dtype == theirs.dtype and torch.equal(ours, theirs)
    if isinstance(ours, dict):
        names = ours.keys() - TIMES
        return names == theirs.keys() - TIMES and all(same(ours[n], theirs[n]) for n in names)
    if isinstance(ours, list | tuple):
        return len(ours) == len(theirs) and all(map(same, ours, theirs))
    return bool(ours == theirs)


def names_in(folder: Path) -> set[str]:
    """Return the names of all files and folders below a folder, hidden ones too."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


def seen_in_masks(out: Path) -> dict[str, Any]:
    """Say what a prediction was doing when it was killed, as its files tell."""
    done = sum(entry.get("status") == "done" for entry in read_lines(out / MANIFEST))
    written = sum(not path.parent.name.startswith(".") for path in out.rglob("*.png"))
    return {
        "hit": "while masks were made" if done < MASKS else "after the last mask",
        "masks recorded": done,
        "masks not yet recorded": written - done,
        "masks half-written": sum(1 for _ in (out / ".manifest.part").rglob("*.png")),
    }


def check_masks(out: Path, whole: Path) -> None:
    """Compare masks that were made in two runs with those of one run, each exactly once."""
    assert names_in(out) == names_in(whole)
    entries = read_lines(out / MANIFEST)[1:]
    assert len(entries) == len({entry["id"] for entry in entries}) == MASKS
    assert all(entry["status"] == "done" for entry in entries)
    recorded = [name for entry in entries for name in entry["outputs"]]
    assert len(recorded) == MASKS
    for name in recorded:
        assert (out / name).read_bytes() == (whole / name).read_bytes(), name


EXTRAS = {
    "while a checkpoint was written": "while a checkpoint was written",
    "between two names": "after the old checkpoint was renamed and before the new one had its name",
}
"""What a kill may have hit besides, by its name in a row."""


def table(rows: dict[str, Any]) -> str:
    """Return how many kills hit what, in Markdown."""
    lines = ["| what was killed | kills | of them |", "| --- | --- | --- |"]
    for kind in (TRAINING, PREDICTION):
        kills = [row for name, row in rows.items() if name.startswith(kind)]
        hits = Counter(row["hit"] for row in kills)
        told = ", ".join(f"{count} {what}" for what, count in sorted(hits.items()) if count)
        extras = {extra: sum(bool(row.get(extra)) for row in kills) for extra in EXTRAS}
        of_these = ", ".join(f"{count} {EXTRAS[extra]}" for extra, count in extras.items() if count)
        lines.append(
            f"| {kind} | {len(kills)} | {told}{'; of these ' * bool(of_these)}{of_these} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
