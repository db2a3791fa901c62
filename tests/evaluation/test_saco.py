"""SaCo equals the loop over pairs of groups of its paper."""

import pytest
import torch
from torch import Tensor

from getam.evaluation import saco


def brightness(weights: Tensor) -> "object":
    """Return a probability that is a weighted sum of the first channel."""
    return lambda images: (images[:, 0] * weights).sum((1, 2))


def slow(probability, image: Tensor, strength: Tensor, groups: int) -> float:
    """Go through all pairs of groups, the stronger one first."""
    order = strength.flatten().argsort(descending=True, stable=True).tolist()
    size = len(order)
    parts = [
        [p for rank, p in enumerate(order) if rank * groups // size == g] for g in range(groups)
    ]
    mean = image.mean((1, 2))
    effects, salience = [], []
    for part in parts:
        changed = image.clone().flatten(1)
        changed[:, part] = mean[:, None]
        changed = changed.view_as(image)
        effects.append((probability(image[None]) - probability(changed[None])).item())
        salience.append(strength.flatten()[part].mean().item())
    total = signed = 0.0
    for first in range(groups):
        for second in range(first + 1, groups):
            gap = salience[first] - salience[second]
            signed += gap if effects[first] >= effects[second] else -gap
            total += abs(gap)
    return signed / total


def test_equals_a_loop_over_pairs() -> None:
    generator = torch.Generator().manual_seed(1)
    image = torch.randn(3, 6, 8, generator=generator)
    probability = brightness(torch.rand(6, 8, generator=generator))
    for groups in (2, 5, 10):
        strength = torch.rand(6, 8, generator=generator)
        found = saco(probability, image, strength, groups=groups)
        assert found == pytest.approx(slow(probability, image, strength, groups), abs=1e-5)


def test_the_order_of_the_network_is_1_and_its_reverse_is_below_0() -> None:
    image = torch.zeros(3, 4, 10)
    image[0, 0] = torch.arange(10.0, 0, -1)
    probability = brightness(torch.ones(4, 10))
    assert saco(probability, image, image[0]) == 1
    assert saco(probability, image, -image[0]) < 0


def test_a_flat_map_says_nothing() -> None:
    assert saco(brightness(torch.ones(4, 5)), torch.randn(3, 4, 5), torch.ones(4, 5)) == 0


def test_sizes_must_fit() -> None:
    with pytest.raises(ValueError, match=r"strength must be \[H, W\] = \(4, 5\) and groups 2"):
        saco(brightness(torch.ones(4, 5)), torch.randn(3, 4, 5), torch.ones(4, 4))
    with pytest.raises(ValueError, match="and 1$"):
        saco(brightness(torch.ones(4, 5)), torch.randn(3, 4, 5), torch.ones(4, 5), groups=1)
