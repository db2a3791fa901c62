"""The classifier that the package brings knows its digits."""

from pathlib import Path

import torch

from getam.data import open_source, photo_loader
from getam.demo import Plan, write_scenes
from getam.demo.demo import new_network
from getam.demo.packaged import CLASSIFIER, load_classifier
from getam.evaluation import mean_average_precision


def test_the_classifier_knows_its_digits(tmp_path: Path) -> None:
    """Real digits of scenes it has not seen; without them a class is right once in ten."""
    write_scenes(tmp_path, {"val": 20}, seed=1)
    source = open_source(tmp_path, split="val")
    network = new_network(Plan().decoder_width).eval()
    load_classifier(network, CLASSIFIER)
    batch = next(iter(photo_loader(source, batch_size=20, workers=0)))
    with torch.inference_mode():
        logits = network.classify(network.forward_features(network.normalise(batch.image)))
    assert mean_average_precision(logits, batch.labels) > 0.7
