"""Labels walk along the affinity of the learnt, and name classes."""

import pytest
import torch

from getam.activation import AttentionRecorder
from getam.model import label
from getam.pseudo_label import Labeller
from getam.pseudo_label.random_walk import walk_against_backgrounds
from getam.pseudo_label.two_thresholds import join_backgrounds
from getam.training.label_sources.walked import Walked
from getam.training.parts.learnt_affinity import LearntAffinity


@pytest.mark.parametrize("spread", [0, 2])
def test_slots_equal_the_dense_computation(spread, new_network, batch):
    network = new_network().eval()
    learnt = LearntAffinity.of(network)
    labeller = Labeller(first_block=3, iterations=1, affinity=spread)
    trunk, pseudo = label(network, Walked(labeller, learnt, low=0.35, high=0.55), batch)
    _, plain = label(network, labeller, batch)
    torch.testing.assert_close(pseudo.activation_maps, plain.activation_maps)
    with AttentionRecorder() as recorder, torch.no_grad():
        network.forward_features(network.normalise(batch.image))
        grid = trunk.features.grid
        affinity = learnt.affinity(recorder.calls, grid)
    maps = torch.zeros(*batch.labels.shape, *grid)
    for own, classes, slots in zip(maps, pseudo.classes, pseudo.activation_maps, strict=True):
        own[classes] = slots[: len(classes)]
    both = walk_against_backgrounds(
        maps, batch.labels, affinity, batch.image.float(), low=0.35, high=0.55
    )
    dense = join_backgrounds(*(ours.argmax(1) for ours in both))
    assert torch.equal(pseudo.label, dense.masked_fill(~batch.valid, 255))
