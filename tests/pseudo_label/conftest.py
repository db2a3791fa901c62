"""A small network and a batch of drawn photos, for everything that labels."""

import pytest
import torch

from getam.data import Batch, classes_of
from getam.network import build_network

LABELS = torch.tensor([[0.0, 1, 0, 1], [0, 0, 0, 0], [1, 0, 0, 0]])


@pytest.fixture(scope="session")
def small_network():
    torch.manual_seed(0)
    return build_network("getam_vit_nano", 4, pretrained=False, decoder_width=8).eval()


@pytest.fixture
def drawn_batch():
    generator = torch.Generator().manual_seed(0)
    image = torch.randint(0, 256, (3, 3, 40, 48), generator=generator, dtype=torch.uint8)
    return Batch(
        ids=["a", "b", "c"],
        image=image,
        labels=LABELS,
        classes=[classes_of(own) for own in LABELS],
        known=torch.ones_like(LABELS, dtype=torch.bool),
        saliency=None,
        valid=torch.ones(3, 40, 48, dtype=torch.bool),
        sizes=[(40, 48)] * 3,
    )


@pytest.fixture
def labelled_by(small_network, drawn_batch):
    """What labels a batch, given a label source."""

    def run(source, batch=drawn_batch):
        with source.recorder() as recorder:
            features = small_network.forward_features(small_network.normalise(batch.image))
            class_logits = small_network.classify(features)
        return source(recorder, class_logits, batch, grid=features.grid, labelled=batch.valid)

    return run
