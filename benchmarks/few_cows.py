"""Why so few cows are found after training on a tenth of them: python benchmarks/few_cows.py RUN.

RUN is a run of ``python benchmarks/trials.py --whole --only "few cows/balance 1"``. Two bounds are
measured on the choosing photos. The first is the average precision of cow that a linear classifier
on the frozen backbone reaches, with all cows and with a tenth of them. The second is the IoU of cow
that the run would reach if its class logit of cow were raised by the best amount. That amount is
read off the photos that are scored, so nobody could choose it. ``val`` is never read.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score
from torchvision.transforms.v2 import functional
from trials import BACKBONE, CLASSES, WEIGHTS, parts

from getam.data import Source, photo_loader
from getam.evaluation import ConfusionMatrix
from getam.files import whole_file
from getam.inference import Predictor
from getam.model import load_model
from getam.network import Network, build_network, weigh_by_tags

RESULTS = Path(__file__).parent / "results" / "few_cows.json"
SIDE = 224
COW = CLASSES.index("cow")
STRENGTHS = (0.001, 0.01, 0.1)  # of the linear classifier, in scikit-learn's C
RAISED = (0, 2, 4, 6, 8, 10)


def main() -> None:
    """Measure both bounds and keep them."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("run", type=Path)
    run = parser.parse_args().run
    torch.set_num_threads(1)
    bounds = {
        "linear classifier": {
            kind: linear_precision(*parts(kind, whole=True)) for kind in ("all cows", "few cows")
        },
        "raised logit": raised_logit(run, parts("few cows", whole=True)[1]),
    }
    with whole_file(RESULTS) as path:
        path.write_text(json.dumps(bounds, indent=1) + "\n")
    print(json.dumps(bounds, indent=1))


def linear_precision(train: Source, choosing: Source) -> dict[str, float]:
    """Return the average precision of cow on frozen features, by the strength of the classifier."""
    network = build_network(BACKBONE, len(CLASSES), weights=WEIGHTS).eval()
    known, shown = features(network, train)
    asked, truth = features(network, choosing)
    mean, deviation = known.mean(0), known.std(0)
    precision = {}
    for strength in STRENGTHS:
        classifier = LogisticRegression(C=strength, max_iter=1000, class_weight="balanced")
        classifier.fit((known - mean) / deviation, shown)
        scores = classifier.decision_function((asked - mean) / deviation)
        precision[str(strength)] = round(float(average_precision_score(truth, scores)), 3)
    return precision


@torch.inference_mode()
def features(network: Network, source: Source) -> tuple[np.ndarray, np.ndarray]:
    """Return the class token beside the mean patch [N, 2 D], and which photos show a cow [N]."""
    rows = []
    for batch in photo_loader(source, workers=0):
        image = functional.resize(batch.image, [SIDE, SIDE], antialias=True)
        tokens = network.backbone.forward_features(network.normalise(image))
        rows.append(torch.cat([tokens[:, 0], tokens[:, 1:].mean(1)], 1)[0].numpy())
    return np.stack(rows), np.array([source.label_vector(r)[COW] for r in source.records])


@torch.inference_mode()
def raised_logit(run: Path, choosing: Source) -> dict[str, dict[str, float]]:
    """Return the IoU of cow and the mean IoU by what was added to the class logit of cow."""
    predictor = Predictor(load_model(run))
    matrices = {raised: ConfusionMatrix(len(CLASSES) + 1) for raised in RAISED}
    for batch, record in zip(photo_loader(choosing, workers=0), choosing.records, strict=True):
        mask_logits, class_logits = predictor.logits(batch.image[0])
        truth = torch.from_numpy(choosing.read_truth(record))
        for raised, matrix in matrices.items():
            changed = class_logits.clone()
            changed[:, COW] += raised
            weighed = weigh_by_tags(mask_logits, changed, predictor.tag_weight)
            whole = functional.resize(weighed, list(truth.shape), antialias=False)
            matrix.update(truth, whole[0].argmax(0).to(torch.uint8))
    scores = {
        raised: matrix.scores(["background", *CLASSES]) for raised, matrix in matrices.items()
    }
    return {
        str(raised): {"cow": round(each.iou["cow"], 3), "mean": round(each.miou, 3)}
        for raised, each in scores.items()
    }


if __name__ == "__main__":
    main()
