"""Compare views of a photo at prediction: python benchmarks/views.py RUN [RUN ...].

A RUN is one of ``python benchmarks/trials.py --whole --only "all cows/base" --seeds 0 1``, whose
network was not trained on the choosing photos. Every view predicts these photos once. A row of
``results/views.json`` that is finished is not measured again.
"""

import argparse
import time
from pathlib import Path
from typing import Any

import torch
from rows import keep_row, read_rows
from trials import CLASSES, parts

from getam.data import Source, read_photo
from getam.evaluation import ConfusionMatrix
from getam.inference import Predictor
from getam.model import Model, View, load_model

RESULTS = Path(__file__).parent / "results" / "views.json"
VIEWS = [View(side, flip=flip) for side in (320, 384, 448) for flip in (False, True)]


def main() -> None:
    """Measure what is missing, row by row."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("runs", type=Path, nargs="+", metavar="RUN")
    runs = parser.parse_args().runs
    torch.set_num_threads(1)
    choosing = parts("all cows", whole=True)[1]
    for run in runs:
        model = load_model(run)
        for view in VIEWS:
            key = f"{run.name}, {view}"
            if key not in read_rows(RESULTS):
                row = {"view": str(view), **measured(model, view, choosing)}
                keep_row(RESULTS, key, row)
                print(key, row, flush=True)


def measured(model: Model, view: View, choosing: Source) -> dict[str, Any]:
    """Return the mIoU of the choosing photos under a view, and the seconds that a photo takes."""
    predictor, matrix = Predictor(model, view), ConfusionMatrix(len(CLASSES) + 1)
    worked = 0.0
    for record in choosing.records:
        photo = read_photo(record.image)
        began = time.process_time()
        mask = predictor(photo).mask
        worked += time.process_time() - began
        matrix.update(torch.from_numpy(choosing.read_truth(record)), mask)
    scores = matrix.scores(["background", *CLASSES])
    return {"miou": round(scores.miou, 4), "seconds": round(worked / len(choosing), 3)}


if __name__ == "__main__":
    main()
