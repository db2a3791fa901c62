"""What shallow attention asks of deep attention equals plain loops."""

import math

import pytest
import torch

from getam.training.deep_attention import deep_attention_loss, entropy_weights
from getam.training.label_pairs import label_pairs


def drawn(blocks=3, patches=6):
    generator = torch.Generator().manual_seed(0)
    scores = torch.randn(blocks, 2, 2, patches, patches, generator=generator)
    label = torch.tensor([[[0, 1, 1], [255, 0, 2]], [[3, 3, 0], [0, 0, 255]]])
    maps = torch.rand(2, 3, 2, patches // 2, generator=generator)
    return scores, label, maps


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


def slow_entropies(maps, attention):
    entropies = []
    for block in attention.tolist():
        bits = 0.0
        for image, rows in zip(maps.flatten(2).tolist(), block, strict=True):
            smeared = [sum(a * sum(own[j] for own in image) for j, a in enumerate(r)) for r in rows]
            powers = [math.exp(value) for value in smeared]
            shares = [power / sum(powers) for power in powers]
            bits -= sum(share * math.log2(share) for share in shares)
        entropies.append(bits / len(maps))
    least, most = min(entropies), max(entropies)
    return [(own - least) / (most - least) for own in entropies]


@pytest.mark.parametrize("weights", [None, [0.2, 0.0, 1.0]])
def test_the_loss_and_its_gradient(weights):
    scores, label, _ = drawn()
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


def test_the_weights_of_the_blocks():
    scores, _, maps = drawn()
    attention = (3 * scores).softmax(-1).mean(2)
    ours = entropy_weights(maps, attention.unbind(0))
    torch.testing.assert_close(
        ours, torch.tensor(slow_entropies(maps, attention)), atol=1e-4, rtol=1e-3
    )
    assert sorted(ours.tolist())[0] == 0
    assert sorted(ours.tolist())[-1] == 1


def test_one_block_smears_least_of_all():
    _, _, maps = drawn()
    assert entropy_weights(maps, [torch.eye(6).expand(2, 6, 6)]).tolist() == [0]
