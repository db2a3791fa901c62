"""What is asked of deep attention equals plain loops, with its gradient."""

import math

import pytest
import torch

from getam.training.parts.deep_attention import (
    deep_attention,
    deep_attention_by_entropy,
    deep_attention_loss,
    deep_scores,
    deep_weights,
)
from getam.training.parts.label_pairs import label_pairs


def drawn(blocks=3, patches=6):
    generator = torch.Generator().manual_seed(0)
    scores = torch.randn(blocks, 2, 2, patches, patches, generator=generator)
    label = torch.tensor([[[0, 1, 1], [255, 0, 2]], [[3, 3, 0], [0, 0, 255]]])
    return scores, label


def slow_loss(scores, label, weights):
    labels, total = label.flatten(1).tolist(), 0.0
    for block, weight in zip(scores.tolist(), weights, strict=True):
        far = near = 0.0
        alike = unlike = 1
        for image, own in zip(block, labels, strict=True):
            for i, left in enumerate(own):
                for j, right in enumerate(own):
                    if 255 in (left, right):
                        continue
                    mean = sum(head[i][j] for head in image) / len(image)
                    affinity = 1 / (1 + math.exp(-mean))
                    if left == right:
                        far, alike = far + 1 - affinity, alike + 1
                    else:
                        near, unlike = near + affinity, unlike + 1
        total += weight * (far / alike + near / unlike) / 2
    return total / len(scores)


@pytest.mark.parametrize("weights", [None, [0.2, 0.0, 1.0]])
def test_the_loss_and_its_gradient(weights):
    scores, label = drawn()
    scores.requires_grad_()
    given = None if weights is None else torch.tensor(weights)
    loss = deep_attention_loss(scores.unbind(0), label_pairs(label), given)
    slow = slow_loss(scores.detach(), label, weights or [1, 1, 1])
    assert loss.item() == pytest.approx(slow, rel=1e-5)
    (gradient,) = torch.autograd.grad(loss, scores)
    step = 1e-2 * gradient / gradient.norm()
    ahead, behind = (
        slow_loss((scores + sign * step).detach(), label, weights or [1, 1, 1]) for sign in (1, -1)
    )
    assert (ahead - behind) / 2e-2 == pytest.approx(gradient.norm().item(), rel=1e-3)


def test_the_parts_of_a_network(new_network, batch, seen_by):
    network = new_network()
    seen = seen_by(network, batch)
    scores = deep_scores(seen.attention, 16)
    assert len(scores) == 2
    expected = seen.attention[4].scores(slice(1, None))[..., 1:]
    torch.testing.assert_close(scores[0], expected)
    pairs = label_pairs(seen.pseudo.label[:, ::8, ::8])
    torch.testing.assert_close(deep_attention(seen), deep_attention_loss(scores, pairs))
    weights = deep_weights(seen.attention, seen.pseudo.activation_maps)
    assert weights.shape == (2,)
    loss = deep_attention_by_entropy(seen)
    torch.testing.assert_close(loss, deep_attention_loss(scores, pairs, weights))
    loss.backward()
    assert network.backbone.blocks[4].mlp.fc1.weight.grad.any()
