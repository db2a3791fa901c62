"""The contrast of foreground and background equals plain loops."""

import math

import pytest
import torch

from getam.training.parts.class_tokens import PatchMaps
from getam.training.parts.foreground_contrast import ForegroundContrast, foreground_contrast


def drawn():
    generator = torch.Generator().manual_seed(0)
    maps = torch.randn(3, 2, 5, generator=generator)
    return maps, torch.randn(3, 5, 4, generator=generator) + 0.5


def slow(maps, tokens):
    images, classes, patches = maps.shape

    def feature(i, c, sign):
        shares = [1 / (1 + math.exp(-sign * value)) for value in maps[i, c].tolist()]
        rows = tokens[i].tolist()
        width = range(len(rows[0]))
        return [
            sum(p * row[d] for p, row in zip(shares, rows, strict=True)) / patches for d in width
        ]

    def cosine(left, right):
        product = sum(a * b for a, b in zip(left, right, strict=True))
        return min(max(product / math.hypot(*left) / math.hypot(*right), 5e-4), 0.9995)

    def attracted(features):
        total = 0.0
        for own in features:
            cosines = [cosine(own, other) for other in features]
            ranked = sorted(cosines, reverse=True)
            for rank, value in enumerate(ranked):
                total -= math.log(value) * math.exp(-0.25 * (rank - 1))
        return total / len(features) ** 2

    total = 0.0
    for c in range(classes):
        fore, back = ([feature(i, c, sign) for i in range(images)] for sign in (1, -1))
        repelled = sum(-math.log(1 - cosine(f, b)) for f in fore for b in back) / images**2
        total += attracted(fore) + attracted(back) + repelled
    return total / classes


def test_equals_plain_loops():
    maps, tokens = drawn()
    assert foreground_contrast(maps, tokens).item() == pytest.approx(slow(maps, tokens), rel=1e-4)


def test_its_gradient():
    maps, tokens = (t.double().requires_grad_() for t in drawn())
    gradients = torch.autograd.grad(foreground_contrast(maps, tokens), (maps, tokens))
    for place, gradient in enumerate(gradients):
        step = 1e-5 * gradient / gradient.norm()
        moved = [[m.detach() for m in (maps, tokens)] for _ in range(2)]
        moved[0][place] = moved[0][place] + step
        moved[1][place] = moved[1][place] - step
        slope = (slow(*moved[0]) - slow(*moved[1])) / 2e-5
        assert slope == pytest.approx(gradient.norm().item(), rel=1e-3)


def test_one_photo_has_nothing_to_be_alike_to():
    maps, tokens = drawn()
    assert torch.isfinite(foreground_contrast(maps[:1], tokens[:1]))


def test_the_part_reads_the_patch_maps(new_network, batch, seen_by):
    network = new_network()
    seen, patch_maps = seen_by(network, batch), PatchMaps.of(network)
    tokens = seen.features.outputs[-1][:, 1:]
    maps = patch_maps.maps(tokens, seen.features.grid).flatten(2)
    loss = ForegroundContrast(patch_maps)(seen)
    torch.testing.assert_close(loss, foreground_contrast(maps, tokens))
