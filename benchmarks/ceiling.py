"""Measure what true masks would give: python benchmarks/ceiling.py [--whole] [--seeds ...].

The same network and recipe are trained on the same photos, but every photo has its true mask in the
place of a pseudo label. No score of tags alone can be expected above it. The short protocol of
``trials.py`` scores the choosing photos; ``--whole`` trains as a bare command does, on all training
photos, and scores ``val``. A row of ``results/ceiling.json`` that is finished is not run again.
"""

import argparse
from pathlib import Path

import torch
import yaml
from corrected import corrected
from rows import keep_row, read_rows
from trials import ANIMALS, CLASSES, TRIALS, measured, parts

from getam.data import open_source

RESULTS = Path(__file__).parent / "results" / "ceiling.json"
BASE = "field"  # today's recipe in trials.yaml


def main() -> None:
    """Measure the rows that are missing, one after the other."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--whole", action="store_true", help="all photos; val is scored")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument("--out", type=Path, default=Path("runs/ceiling"))
    options = parser.parse_args()
    torch.set_num_threads(1)
    for seed in options.seeds:
        key = f"{'whole' if options.whole else 'short'} (seed {seed})"
        if key in read_rows(RESULTS):
            continue
        if options.whole:
            source = open_source(ANIMALS, split="train_aug", classes=CLASSES)
            scored = open_source(ANIMALS, split="val", classes=CLASSES)
            settings = {"seed": seed}
        else:
            source, scored = parts(BASE, whole=False)
            settings = {**yaml.safe_load(TRIALS.read_text())["bases"][BASE], "seed": seed}
        run = options.out / key.replace(" ", "_")
        source = corrected(source, len(source), seed, run.with_name(f"{run.name}_masks"))
        row = measured(source, scored, {**settings, "corrected_factor": 1}, run)
        keep_row(RESULTS, key, row)
        print(key, row["scores"], flush=True)


if __name__ == "__main__":
    main()
