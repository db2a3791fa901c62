"""Labels by two backgrounds name classes, and are those of the rule."""

import torch

from getam.pseudo_label import Labeller
from getam.pseudo_label.spread_labeller import SpreadLabeller
from getam.pseudo_label.two_backgrounds import TwoBackgrounds
from getam.pseudo_label.two_thresholds import refined_label


def test_slots_equal_the_dense_computation(labelled_by, drawn_batch):
    pseudo = labelled_by(SpreadLabeller(Labeller(first_block=3), TwoBackgrounds(0.3, 0.6)))
    everything = torch.zeros(3, 4, *pseudo.activation_maps.shape[2:])
    for own, classes, maps in zip(everything, pseudo.classes, pseudo.activation_maps, strict=True):
        own[classes] = maps[: len(classes)]
    enlarged = torch.nn.functional.interpolate(everything, (40, 48), mode="bilinear")
    dense = refined_label(enlarged, drawn_batch.labels, drawn_batch.image, low=0.3, high=0.6)
    assert torch.equal(pseudo.label, dense)
    assert set(pseudo.label.unique().tolist()) <= {0, 1, 2, 4, 255}
    assert pseudo.refined_maps.amax() == 1
    assert pseudo.label[1].unique().tolist() == [0]  # a photo without a class


def test_what_is_not_known_stays_undecided(labelled_by, drawn_batch):
    drawn_batch.valid[0, 30:] = False
    drawn_batch.known[2, 1] = False
    source = SpreadLabeller(Labeller(first_block=3), TwoBackgrounds(0.9, 0.95))
    label = labelled_by(source, drawn_batch).label
    assert label[0, 30:].unique().tolist() == [255]
    assert 0 in label[0]
    assert 0 not in label[2]
