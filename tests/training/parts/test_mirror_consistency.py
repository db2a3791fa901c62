"""The consistency under mirroring equals the authors' values, and is right on every grid."""

import pytest
import torch
from reference.peers import Peer

from getam.training.losses import classification_loss
from getam.training.parts.mirror_consistency import (
    mean_attention,
    mirror_consistency,
    mirror_disagreement,
    mirrored_classification,
)


@pytest.fixture(scope="module")
def acr(shared_reference):
    return Peer("acr", shared_reference)


def test_values_and_gradients(acr):
    names = ("attention", "attention_flipped")
    views = [acr.z(name, (2, 3, 17, 17)).softmax(-1).requires_grad_() for name in names]
    found = mirror_disagreement(*views, grid=(4, 4))
    acr.check(found.class_rows, "consistency_class_rows")
    acr.check(found.affinity, "consistency_affinity")
    (found.class_rows + found.affinity).backward()
    acr.check(views[0].grad, "consistency_gradient")
    acr.check(views[1].grad, "consistency_gradient_flipped")


@pytest.mark.parametrize(("grid", "prefix"), [((2, 3), 1), ((3, 2), 2), ((1, 4), 5)])
def test_equals_plain_loops_on_any_grid(grid, prefix):
    height, width = grid
    tokens = prefix + height * width
    plain, mirrored = torch.rand(2, 1, 2, tokens, tokens).unbind(0)
    found = mirror_disagreement(plain, mirrored, grid=grid)

    def other(token):
        row, column = divmod(token - prefix, width)
        return prefix + row * width + width - 1 - column

    patches = range(prefix, tokens)
    rows = [(plain[..., 0, j] - mirrored[..., 0, other(j)]).abs() for j in patches]
    pairs = [
        (plain[..., i, j] - mirrored[..., other(i), other(j)]).abs()
        for i in patches
        for j in patches
    ]
    torch.testing.assert_close(found.class_rows, torch.stack(rows).mean())
    torch.testing.assert_close(found.affinity, torch.stack(pairs).mean())


def test_a_mirrored_pair_agrees():
    grid = (2, 3)
    order = [0, *(1 + 3 * r + c for r in range(2) for c in (2, 1, 0))]
    attention = torch.rand(1, 2, 7, 7)
    found = mirror_disagreement(attention, attention[..., order, :][..., order], grid=grid)
    assert found.class_rows.item() == found.affinity.item() == 0


def test_the_parts_of_a_network(new_network, batch, seen_by):
    network = new_network()
    seen = seen_by(network, batch)
    views = [mean_attention(view.attention) for view in (seen, seen.mirrored)]
    assert views[0].shape == (3, 6, 17, 17)
    torch.testing.assert_close(views[0].sum(-1), torch.ones(3, 6, 17))
    loss = mirror_consistency(seen)
    torch.testing.assert_close(loss, sum(mirror_disagreement(*views, grid=seen.features.grid)))
    loss.backward()
    assert network.backbone.blocks[0].attn.qkv.weight.grad.any()
    tags = mirrored_classification(seen)
    logits = network.classify(network.forward_features(network.normalise(batch.image.flip(-1))))
    expected = classification_loss(logits, batch.labels, batch.known)
    torch.testing.assert_close(tags, expected, rtol=1e-3, atol=1e-4)
