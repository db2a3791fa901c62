"""Every benchmark of maps, labels, training and prediction; see docs/benchmarks.md.

    python benchmarks/run.py [--data FOLDER] [--model RUN] [--threads 2] [--quick] [--only NAME]

Writes ``benchmarks/results/latest.json`` and the tables of ``docs/benchmarks.md``; ``--quick`` and
``--only`` print and leave both as they are. Needs the extras ``dev`` and ``bench``.
"""

import argparse
import importlib.metadata
import json
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
from timing import ROOT, THREADS, Plan, Row

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


def machine() -> dict[str, Any]:
    """What it ran on, and how busy that was before."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    return {
        "processor": names[0] if names else platform.processor(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "load_average_before": os.getloadavg()[0],
        "accelerator": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
    }


def measure(plan: Plan, subjects: list[str], *, keep: bool) -> None:
    """Run the subjects one after another; what is kept is written after each of them."""
    versions = {name: importlib.metadata.version(name) for name in LIBRARIES}
    results: dict[str, Any] = {
        "rows": [],
        "tables": {},
        "machine": machine(),
        "versions": {"python": platform.python_version(), **versions},
    }
    for subject in subjects:
        start = time.perf_counter()
        rows, tables = SUBJECTS[subject](plan)
        results["rows"] += rows
        results["tables"] |= tables
        for line in rows:
            print("{name}: {ratio:g}, target {target:g}, met {met}".format(**line), flush=True)
        for line in [line for table in tables.values() for line in table]:
            print(", ".join(f"{key} {value}" for key, value in line.items()), flush=True)
        print(f"-- {subject}: {time.perf_counter() - start:.0f} s", flush=True)
        results["machine"]["load_average_after"] = os.getloadavg()[0]
        if keep:
            RESULTS.write_text(json.dumps(results, indent=2) + "\n")
            report.main()


def main() -> None:
    """Measure, print, and write unless it was only a try."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--model", type=Path, help="a trained model folder, for half precision")
    parser.add_argument("--quick", action="store_true", help="small sizes, nothing written")
    parser.add_argument("--only", nargs="+", choices=SUBJECTS, help="nothing written")
    parser.add_argument("--threads", type=int, default=THREADS, help="1 on a busy machine")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    plan = Plan(arguments.data, model=arguments.model, quick=arguments.quick)
    keep = not (arguments.quick or arguments.only)
    measure(plan, arguments.only or list(SUBJECTS), keep=keep)


if __name__ == "__main__":
    main()
