"""Train on all photos and score ``val``: python benchmarks/whole.py [--only NAME] [--seeds ...].

Whole runs of the recipe of a bare command, tags alone, as it is and with the settings that the
short trials of kind ``ahead`` chose (``trials.yaml``). ``val`` is scored once for every seed, by
the test of the recipe and by the full test of ``field.py``. A row of ``results/whole.json`` that is
finished is not run again.
"""

import argparse
from itertools import product
from pathlib import Path

import torch
import yaml
from field import SCALES
from rows import keep_row, read_rows
from trials import ANIMALS, CLASSES, TRIALS, measured

from getam.data import Source, open_source, read_photo
from getam.evaluation import ConfusionMatrix
from getam.inference import Predictor
from getam.model import load_model

RESULTS = Path(__file__).with_name("results") / "whole.json"
NAMES = ("default", "d1", "d4")


def main() -> None:
    """Measure the rows that are missing, one after the other."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=NAMES, default=NAMES)
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--out", type=Path, default=Path("runs/whole"))
    options = parser.parse_args()
    torch.set_num_threads(1)
    chosen = {"default": {}, **yaml.safe_load(TRIALS.read_text())["ahead"]}
    source, val = (open_source(ANIMALS, split=s, classes=CLASSES) for s in ("train_aug", "val"))
    for name, seed in product(options.only, options.seeds):
        key = f"{name} (seed {seed})"
        if key in read_rows(RESULTS):
            continue
        run = options.out / f"{name}_{seed}"
        row = measured(source, val, {**chosen[name], "seed": seed}, run)
        keep_row(RESULTS, key, {**row, "full test": full_test(run, val)})
        print(key, row["scores"], flush=True)


def full_test(run: Path, val: Source) -> float:
    """Score the prediction by four sizes, mirrored too, and a dense CRF."""
    model = load_model(run)
    predictor = Predictor(model, model.view.changed(scales=SCALES, flip=True, crf=True))
    matrix = ConfusionMatrix(len(CLASSES) + 1)
    for record in val.records:
        if record.mask is not None:
            truth = torch.from_numpy(val.read_truth(record))
            matrix.update(truth, predictor(read_photo(record.image)).mask)
    return round(matrix.scores(["background", *CLASSES]).miou, 4)


if __name__ == "__main__":
    main()
