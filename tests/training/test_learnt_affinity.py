"""The affinity head equals the authors' values, with its gradients."""

import pytest
import torch
from reference.peers import Peer

from getam.training.label_pairs import pair_loss
from getam.training.learnt_affinity import AffinityHead


@pytest.fixture(scope="module")
def afa(shared_reference):
    return Peer("afa", shared_reference)


def test_affinity_loss_and_gradients(afa):
    attention = [afa.z(f"attention.{i}", (2, 3, 30, 30)).softmax(-1) for i in range(3)]
    attention[-1].requires_grad_()
    head = AffinityHead(6)
    with torch.no_grad():
        head.projection.weight.copy_(5 * afa.z("projection.weight", (1, 6, 1, 1)))
        head.projection.bias.copy_(0.1 * afa.z("projection.bias", (1,)))
    affinity = head(torch.cat(attention[-2:], 1))
    afa.check(affinity, "affinity")
    loss = pair_loss(affinity, afa["pairs"].long())
    afa.check(loss, "affinity_loss")
    loss.backward()
    afa.check(attention[-1].grad, "affinity_gradient_attention_last")
    afa.check(head.projection.weight.grad, "affinity_gradient_projection")
