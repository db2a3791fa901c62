"""Photos a second of one and of two processes: python benchmarks/processes.py.

The command of users, ``getam train --devices N``, trains on photos of ``voc2012_animals`` for two
epochs: the first is phase one and the second phase two. Each number of processes has the same
photos in each step, and all processor cores: two cores are two threads of one process, or two
processes of one thread. Rows take turns, and ``results/processes.json`` keeps each, so that the
script goes on where it stopped. Run it on an otherwise idle machine; ``--steps 4`` only tries it.
"""

import argparse
import csv
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from rows import keep_row, read_rows
from trials import ANIMALS, BACKBONE, CLASSES, WEIGHTS

from getam.data import open_source

RESULTS = Path(__file__).with_name("results") / "processes.json"
PROCESSES = (1, 2)
BATCH = 8  # photos of a step of all processes
REPEATS = 3
PHASES = {1: "phase one", 2: "phase two"}  # by the number of the epoch


def main() -> None:
    """Measure every row that is missing, and print the medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=25, help="steps of each phase")
    parser.add_argument("--repeats", type=int, default=REPEATS)
    parser.add_argument("--results", type=Path, default=RESULTS)
    options = parser.parse_args()
    for repeat in range(options.repeats):
        for processes in PROCESSES:
            name = f"{processes} processes, {options.steps} steps, repeat {repeat}"
            if name not in read_rows(options.results):
                keep_row(options.results, name, measured(processes, options.steps))
    print(table(options.results, options.steps))


def measured(processes: int, steps: int) -> dict[str, object]:
    """Train in a folder that goes afterwards, and return the photos a second of each phase."""
    with TemporaryDirectory() as folder:
        data, run = Path(folder) / "photos.csv", Path(folder) / "run"
        some_photos(data, steps * BATCH)
        subprocess.run([*command(data, run), "--devices", str(processes)], check=True)
        lines = map(json.loads, (run / "metrics.jsonl").read_text().splitlines())
        speeds = {
            PHASES[line["epoch"]]: round(line["images_per_second"], 3)
            for line in lines
            if "epoch" in line
        }
    return {
        "processes": processes,
        "photos a second": speeds,
        "steps of a phase": steps,
        "photos of a step": BATCH,
        "cores": os.cpu_count(),
        "instructions": torch.backends.cpu.get_cpu_capability(),
    }


def command(data: Path, run: Path) -> list[str]:
    """Return the command that trains one epoch of each phase, without a score at the end."""
    given: dict[str, object] = {
        "data": data,
        "out": run,
        "backbone": BACKBONE,
        "weights": WEIGHTS,
        "device": "cpu",
        "workers": 0,
        "batch-size": BATCH,
        "epochs": len(PHASES),
        "joint-from": 1 / len(PHASES),
        "balance": 0,
        "precision": "32-true",
    }
    options = [f"--{name}={value}" for name, value in given.items()]
    return [sys.executable, "-m", "getam", "train", "--no-held-out", *options]


def some_photos(table: Path, count: int) -> None:
    """Write a table of so many photos of the animals and their tags."""
    source = open_source(ANIMALS, split="train_aug", classes=CLASSES)
    tagged = [record for record in source.records if record.labels][:count]
    if len(tagged) < count:
        raise SystemExit(f"there are {len(tagged)} photos, too few for {count // BATCH} steps")
    with table.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["image", "labels"])
        for record in tagged:
            rows.writerow([record.image.resolve(), ";".join(record.labels or ())])


def table(results: Path, steps: int) -> str:
    """Return the medians in Markdown."""
    rows = [row for row in read_rows(results).values() if row["steps of a phase"] == steps]
    lines = ["| processes | phase one | phase two |", "| --- | --- | --- |"]
    for processes in PROCESSES:
        speeds = [row["photos a second"] for row in rows if row["processes"] == processes]
        medians = [statistics.median(speed[name] for speed in speeds) for name in PHASES.values()]
        lines.append(f"| {processes} | " + " | ".join(f"{m:.2f} photos/s" for m in medians) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
