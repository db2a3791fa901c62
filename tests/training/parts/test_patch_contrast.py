"""The contrast of patches equals the authors' values, with its gradient."""

import pytest
import torch
from reference.peers import Peer

from getam.training.parts.auxiliary import Auxiliary
from getam.training.parts.label_pairs import label_pairs
from getam.training.parts.patch_contrast import PatchContrast, others, patch_contrast


@pytest.fixture(scope="module")
def toco(shared_reference):
    return Peer("toco", shared_reference)


def test_pairs_loss_and_gradient(toco):
    features = toco.z("ptc.features", (2, 24, 5, 7)).requires_grad_()
    label = (4 * toco.u("ptc.labels", (2, 5, 7))).floor().long()
    label = label.masked_fill(label == 3, 255)
    assert torch.equal(label_pairs(label, others(label)), toco["ptc_pairs"].long())
    loss = patch_contrast(features.flatten(2).mT, label)
    toco.check(loss, "ptc_loss")
    loss.backward()
    toco.check(features.grad, "ptc_gradient")


def test_the_part_teaches_the_last_block_alone(new_network, batch, seen_by):
    network = new_network()
    seen, part = seen_by(network, batch), PatchContrast(Auxiliary.of(network))
    seen.shared["auxiliary"] = torch.zeros_like(batch.labels)[:, :, None, None].expand(
        -1, -1, *batch.valid.shape[1:]
    )
    part(seen).backward()  # all is background, which is alike
    assert network.backbone.blocks[-1].attn.qkv.weight.grad.any()
    assert part.auxiliary.classifier.weight.grad is None
