"""The affinity head equals the authors' values, with its gradients."""

import pytest
import torch
from reference.peers import Peer

from getam.pseudo_label.random_walk import within_radius
from getam.training.parts.label_pairs import label_pairs, pair_loss
from getam.training.parts.learnt_affinity import AffinityHead, LearntAffinity


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


def test_the_affinity_of_a_network(new_network, seen_by, batch):
    network = new_network()
    part = LearntAffinity.of(network)
    seen = seen_by(network, batch)
    grid = seen.features.grid
    last = [seen.attention[block] for block in (4, 5)]
    products = torch.cat([call.query @ call.key.mT for call in last], 1)[..., 1:, 1:]
    affinity = part.affinity(seen.attention, grid)
    torch.testing.assert_close(affinity, part.head(products))
    loss = part(seen)
    pairs = label_pairs(seen.pseudo.label[:, ::8, ::8], within_radius(grid))
    torch.testing.assert_close(loss, pair_loss(affinity, pairs))
    loss.backward()
    assert network.backbone.blocks[5].attn.qkv.weight.grad.any()
    assert part.head.projection.weight.grad.any()
