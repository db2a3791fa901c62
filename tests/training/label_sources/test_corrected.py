"""Corrected masks replace pseudo labels, and only in the photos that have one."""

import pytest
import torch

from getam.model import label
from getam.pseudo_label import Labeller
from getam.training.label_sources.corrected import Corrected


def masks_of(batch, value):
    """Return corrected masks of the first photo of a batch alone."""
    masks = torch.full(batch.valid.shape, -1, dtype=torch.int16)
    masks[0] = 255
    masks[0, :8, :8] = value
    return masks


@pytest.mark.parametrize("padding", [False, True])
def test_corrected_masks_replace_labels(padding, new_network, batch):
    network, labeller = new_network().eval(), Labeller(first_block=3, iterations=1)
    labelled = torch.ones_like(batch.valid) if padding else batch.valid
    _, without = label(network, Corrected(labeller), batch, labelled=labelled)
    _, expected = label(network, labeller, batch, labelled=labelled)
    assert torch.equal(without.label, expected.label)
    batch.corrected = masks_of(batch, 2)
    _, pseudo = label(network, Corrected(labeller), batch, labelled=labelled)
    assert torch.equal(pseudo.label[1:], expected.label[1:])
    inside = batch.valid[0]
    assert (pseudo.label[0][inside] == batch.corrected[0][inside]).all()
    assert (pseudo.label[0][~inside] == (0 if padding else 255)).all()
    assert torch.equal(pseudo.refined_maps, expected.refined_maps)
