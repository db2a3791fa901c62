"""Every benchmark of maps, labels, training and prediction; see docs/benchmarks.md.

    python benchmarks/run.py [--data FOLDER] [--model RUN] [--threads 2] [--quick] [--only NAME]

A subject is written to ``benchmarks/results/latest.json``, with the machine and how busy others
were, as it ends, and so are the tables of ``docs/benchmarks.md``; ``--quick`` prints and leaves
both as they are. Needs the extras ``dev`` and ``bench``.
"""

import argparse
import importlib.metadata
import os
import platform
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import growth
import map_speed
import memory
import others
import pamr
import precision
import predict
import report
import stage_profile
import step
import torch
from rows import keep_row
from timing import ROOT, THREADS, Plan, Row, others_seconds

RESULTS = ROOT / "benchmarks" / "results" / "latest.json"
LIBRARIES = ("torch", "timm", "torchvision", "grad-cam", "captum", "numpy")

Measured = tuple[list[Row], dict[str, list[Row]]]
"""Rows with a target, and tables without by their name."""

SUBJECTS: dict[str, Callable[[Plan], Measured]] = {
    "maps": lambda plan: (map_speed.rows(plan), {}),
    "step": lambda plan: (step.rows(plan), {}),
    "pamr": lambda plan: (pamr.rows(plan), {}),
    "memory": lambda plan: (memory.rows(plan), {}),
    "predict": lambda plan: (predict.rows(plan), {}),
    "growth": growth.rows_and_points,
    "precision": precision.rows_and_points,
    "stages": lambda plan: ([], {"stages": stage_profile.points(plan)}),
    "others": lambda plan: ([], {"others": others.points(plan)}),
}


def conditions() -> dict[str, Any]:
    """Return what is measured on."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    return {
        "processor": names[0] if names else platform.processor(),
        "instructions": torch.backends.cpu.get_cpu_capability(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        **{name: importlib.metadata.version(name) for name in LIBRARIES},
    }


def measure(plan: Plan, subjects: list[str], *, keep: bool) -> None:
    """Run the subjects one after another; what is kept is written after each of them."""
    for subject in subjects:
        start, used = time.monotonic(), others_seconds()
        rows, tables = SUBJECTS[subject](plan)
        took = time.monotonic() - start
        busy = round((others_seconds() - used) / took, 2)
        for line in rows:
            print("{name}: {ratio:g}, target {target:g}, met {met}".format(**line), flush=True)
        for line in [line for table in tables.values() for line in table]:
            print(", ".join(f"{key} {value}" for key, value in line.items()), flush=True)
        print(f"-- {subject}: {took:.0f} s, others used {busy} cores", flush=True)
        if keep:
            known = conditions() | {"others_busy": busy, "seconds": round(took)}
            keep_row(RESULTS, subject, {"rows": rows, "tables": tables, "conditions": known})
            report.main()


def main() -> None:
    """Measure, print, and write unless it was only a try."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--model", type=Path, help="a trained model folder, for half precision")
    parser.add_argument("--quick", action="store_true", help="small sizes, nothing written")
    parser.add_argument("--only", nargs="+", choices=SUBJECTS)
    parser.add_argument("--threads", type=int, default=THREADS, help="1 on a busy machine")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    plan = Plan(arguments.data, model=arguments.model, quick=arguments.quick)
    measure(plan, arguments.only or list(SUBJECTS), keep=not arguments.quick)


if __name__ == "__main__":
    main()
