"""Score pseudo labels before and after they are snapped: python benchmarks/proposals.py.

The photos are the choosing photos of ``trials.py``, so that settings of felzenszwalb may be chosen
here. The network is the one that ``corrected.py --counts 0 --seeds 0`` trains.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from trials import parts

from getam.data import read_photo
from getam.evaluation import ConfusionMatrix
from getam.files import whole_file
from getam.inference import label_photos
from getam.model import load_model
from getam.pseudo_label import snap
from getam.pseudo_label.proposers import regions_of_one_colour

RESULTS = Path(__file__).parent / "results" / "proposals.json"
SCALES = (50, 100, 200, 400, 800)  # larger ones make larger regions


def main() -> None:
    """Label the choosing photos once, and snap the labels with every setting."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--model", type=Path, default=Path("runs/corrected/0_masks_factor_1_(seed_0)")
    )
    options = parser.parse_args()
    torch.set_num_threads(1)
    model = load_model(options.model, device="cpu")
    _, choosing = parts("all cows", whole=False)
    names = ["background", *choosing.classes]
    ways = {"pseudo label": None} | {f"felzenszwalb, scale {scale}": scale for scale in SCALES}
    matrices = {way: ConfusionMatrix(len(names)) for way in ways}
    photos = label_photos(model, choosing, workers=0)
    for record, photo in zip(choosing.records, photos, strict=True):
        truth = torch.from_numpy(choosing.read_truth(record))
        label = photo.label_at_photo_size().numpy()
        pixels = np.asarray(read_photo(record.image))
        for way, scale in ways.items():
            snapped = label
            if scale is not None:
                snapped = snap(label, regions_of_one_colour(pixels, scale=scale))
            matrices[way].update(truth, torch.from_numpy(snapped))
    rows = {}
    for way, matrix in matrices.items():
        scores = matrix.scores(names)
        rows[way] = {"miou": round(scores.miou, 4), "ignored": round(scores.ignored_share, 3)}
    with whole_file(RESULTS) as path:
        path.write_text(json.dumps(rows, indent=1) + "\n")
    print(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
