"""Score and duration of the demonstration over seeds and threads: python benchmarks/demo.py.

Every row is one run of ``getam demo`` in a process of its own. A row that ``results/demo.json``
holds already is skipped, so that the script goes on where it stopped. Rows of another instruction
set are measured with its variables, e.g. ``ATEN_CPU_CAPABILITY=avx2 ONEDNN_MAX_CPU_ISA=AVX2``.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from itertools import product
from pathlib import Path

import torch

from getam.files import whole_file

RESULT = Path(__file__).with_name("results") / "demo.json"
SEEDS = range(5)


def main() -> None:
    """Measure what is missing, row by row."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    options = parser.parse_args()
    rows = json.loads(RESULT.read_text()) if RESULT.exists() else []
    instructions = torch.backends.cpu.get_cpu_capability()
    measured = {(row["instructions"], row["threads"], row["seed"]) for row in rows}
    for threads, seed in product(options.threads, SEEDS):
        if (instructions, threads, seed) not in measured:
            rows.append(row_of(threads=threads, seed=seed))
            print(rows[-1], flush=True)
            with whole_file(RESULT) as path:
                path.write_text(json.dumps(rows, indent=1) + "\n")


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


if __name__ == "__main__":
    main()
