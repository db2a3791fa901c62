"""Pairs and their loss equal the authors' values."""

import pytest
import torch
from reference.peers import Peer

from getam.pseudo_label.random_walk import within_radius
from getam.training.losses import at_size
from getam.training.parts.label_pairs import label_pairs, pair_loss


@pytest.fixture(scope="module")
def afa(shared_reference):
    return Peer("afa", shared_reference)


@pytest.fixture(scope="module")
def label(afa):
    """A label image of 80 x 96 pixels, whose odd rows and columns nobody may read."""
    label = (5.5 * afa.u("labels", (2, 5, 6))).floor().long()
    label = label.masked_fill(label == 5, 255).repeat_interleave(16, 1).repeat_interleave(16, 2)
    label[:, 1::2, 1::2] = 7
    return label


def test_pairs(afa, label):
    patches = at_size(label, (5, 6))
    near = within_radius((5, 6), 2)
    assert torch.equal(label_pairs(patches, near), afa["pairs"].long())
    assert torch.equal(label_pairs(patches), afa["pairs_without_mask"].long())


def test_the_loss_and_how_many_pairs_count(afa):
    pairs = afa["pairs"].long()
    afa.check(pair_loss(afa["affinity"], pairs), "affinity_loss")
    counts = [int((pairs == value).sum()) + 1 for value in (1, 0)]
    assert counts == afa["affinity_counts"].tolist()


def test_nothing_that_counts_is_no_loss():
    pairs = torch.full((1, 3, 3), 255)
    assert pair_loss(torch.rand(1, 3, 3), pairs).item() == 0
