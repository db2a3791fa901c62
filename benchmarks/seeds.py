"""Mean and spread of several runs: python benchmarks/seeds.py RUN RUN RUN."""

import json
import statistics
import sys
from pathlib import Path
from typing import Any


def main(folders: list[str]) -> None:
    """Print mIoU per stage, and IoU per class of the prediction, as mean and least to greatest."""
    runs = [json.loads((Path(folder) / "scores.json").read_text()) for folder in folders]
    print(f"{len(runs)} runs: mean (least to greatest)")
    for stage in runs[0]["stages"]:
        print(line(stage, [run["stages"][stage]["miou"] for run in runs]))
    print(line("ignored", [run["stages"]["pseudo label"]["ignored_share"] for run in runs]))
    for name in runs[0]["iou"]:
        print(line(f"  {name}", [run["iou"][name] for run in runs]))
    print(line("minutes", [minutes(Path(folder)) for folder in folders]))


def line(name: str, values: list[Any]) -> str:
    """One row of the table."""
    return f"{name:<14} {spread(values)}"


def spread(values: list[Any]) -> str:
    """Mean (least to greatest)."""
    known = [value for value in values if value is not None]
    return f"{statistics.mean(known):.3f} ({min(known):.3f} to {max(known):.3f})"


def minutes(folder: Path) -> float:
    """From the first file of a run to its scores."""
    first, last = (folder / name for name in ("env.json", "scores.json"))
    return (last.stat().st_mtime - first.stat().st_mtime) / 60


if __name__ == "__main__":
    main(sys.argv[1:])
