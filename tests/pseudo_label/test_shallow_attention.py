"""Spreading by shallow attention and the entropy of what comes out equal plain loops."""

import math

import torch

from getam.pseudo_label.shallow_attention import entropy_weights, spread_by_blocks


def drawn(blocks=3, patches=6):
    generator = torch.Generator().manual_seed(0)
    attention = (3 * torch.randn(blocks, 2, patches, patches, generator=generator)).softmax(-1)
    return attention, torch.rand(2, 3, 2, patches // 2, generator=generator)


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


def slow_spread(maps, attention, weights):
    def mean(image, i, j):
        return sum(w * a[image, i, j] for w, a in zip(weights, attention, strict=True)) / 3

    return [
        [[sum(mean(b, i, j) * own[j] for j in range(6)) for i in range(6)] for own in image]
        for b, image in enumerate(maps.flatten(2).tolist())
    ]


def test_spread_maps():
    attention, maps = drawn()
    for weights in (None, [0.2, 0.0, 1.0]):
        given = None if weights is None else torch.tensor(weights)
        ours = spread_by_blocks(maps, attention.unbind(0), given).flatten(2)
        torch.testing.assert_close(
            ours, torch.tensor(slow_spread(maps, attention, weights or [1] * 3))
        )


def test_the_weights_of_the_blocks():
    attention, maps = drawn()
    ours = entropy_weights(maps, attention.unbind(0))
    torch.testing.assert_close(
        ours, torch.tensor(slow_entropies(maps, attention)), atol=1e-4, rtol=1e-3
    )
    assert sorted(ours.tolist())[0] == 0
    assert sorted(ours.tolist())[-1] == 1


def test_one_block_smears_least_of_all():
    _, maps = drawn()
    assert entropy_weights(maps, [torch.eye(6).expand(2, 6, 6)]).tolist() == [0]
