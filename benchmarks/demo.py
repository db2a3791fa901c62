"""Score and duration of the demonstration over seeds and threads: python benchmarks/demo.py.

Every row is one run of ``getam demo`` in a process of its own. A row that ``results/demo.json``
holds already is skipped, so that the script goes on where it stopped.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from itertools import product
from pathlib import Path
from statistics import mean

import torch

RESULT = Path(__file__).with_name("results") / "demo.json"
SEEDS = range(5)
THREADS = (1, 2)


def main() -> None:
    """Measure what is missing, row by row, and print the table."""
    rows = json.loads(RESULT.read_text()) if RESULT.exists() else []
    measured = {(row["threads"], row["seed"]) for row in rows}
    for threads, seed in product(THREADS, SEEDS):
        if (threads, seed) not in measured:
            rows.append(row_of(threads=threads, seed=seed))
            RESULT.write_text(json.dumps(rows, indent=1) + "\n")
    print(table(rows))


def row_of(*, threads: int, seed: int) -> dict[str, object]:
    """Return scores and seconds, from the start of the process to its end, of one run."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "demo"
        command = [sys.executable, "-m", "getam.cli.main", "demo", f"--out={out}", f"--seed={seed}"]
        began = time.monotonic()
        subprocess.run(command, check=True, env={**os.environ, "OMP_NUM_THREADS": str(threads)})
        seconds = time.monotonic() - began
        scores = json.loads((out / "scores.json").read_text())
    return {
        "threads": threads,
        "seed": seed,
        "seconds": round(seconds),
        "instructions": torch.backends.cpu.get_cpu_capability(),
        "stages": {name: round(stage["miou"], 4) for name, stage in scores["stages"].items()},
    }


def table(rows: list[dict]) -> str:
    """Return the rows as a Markdown table, a line per number of threads."""
    lines = ["| threads | prediction, mean (least to greatest) | pseudo label | seconds |"]
    lines.append("| --- | --- | --- | --- |")
    for threads in THREADS:
        chosen = [row for row in rows if row["threads"] == threads]
        prediction, label = (
            spread([row["stages"][stage] for row in chosen])
            for stage in ("prediction", "pseudo label")
        )
        seconds = [row["seconds"] for row in chosen]
        lines.append(f"| {threads} | {prediction} | {label} | {min(seconds)} to {max(seconds)} |")
    return "\n".join(lines)


def spread(values: list[float]) -> str:
    """Return mean (least to greatest)."""
    return f"{mean(values):.3f} ({min(values):.3f} to {max(values):.3f})"


if __name__ == "__main__":
    main()
