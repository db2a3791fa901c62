"""The losses of masks equal ToCo's: half of our segmentation loss, and 1e-7 of our dense energy."""

import pytest
import torch
from reference.drawn_weights import relative_difference
from reference.peers import Peer, box
from torch.nn.functional import interpolate

from getam.crf import dense_energy_loss
from getam.training.losses import segmentation_loss


@pytest.fixture(scope="module")
def toco(shared_reference):
    return Peer("toco", shared_reference)


def test_segmentation(toco):
    logits = toco.z("seg.logits", (2, 6, 12, 16)).requires_grad_()
    label = (7 * toco.u("seg.labels", (2, 12, 16))).floor().long()
    label = label.masked_fill(label == 6, 255)
    loss = segmentation_loss(logits, label) / 2
    toco.check(loss, "seg_loss")
    loss.backward()
    toco.check(logits.grad, "seg_gradient")


def test_without_background_only_the_other_mean_counts(toco):
    """The authors' value is NaN there; the README of the values asks for 0 instead of it."""
    logits = toco.z("seg.logits", (2, 6, 12, 16))
    label = (7 * toco.u("seg.labels", (2, 12, 16))).floor().long()
    label = label.masked_fill(label == 6, 255).masked_fill(label == 0, 1)
    assert toco["seg_loss_without_background"].isnan()
    own = torch.nn.functional.cross_entropy(logits, label, ignore_index=255)
    torch.testing.assert_close(segmentation_loss(logits, label), own)


def test_energy(toco):
    draw = toco.z("energy.logits", (2, 6, 12, 16)).requires_grad_()
    logits = interpolate(3 * draw, (96, 128), mode="bilinear", align_corners=True)
    image = toco.picture("par.image", (2, 3, 96, 128))
    valid = box((2, 96, 128), [[8, 96, 0, 100], [0, 80, 16, 128]])
    ignore = toco["refined_label_0.7_0.25"] == 255
    loss = 1e-7 * dense_energy_loss(logits.softmax(1), image, valid, ignore)
    assert relative_difference(loss.detach(), toco.values["energy_loss"]) <= 2e-3
    loss.backward()
    assert relative_difference(draw.grad, toco.values["energy_gradient"]) <= 5e-2
