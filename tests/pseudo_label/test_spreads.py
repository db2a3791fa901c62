"""Spreads take the blocks they say."""

import torch

from getam.activation import Attention, patch_affinity, unit_range
from getam.pseudo_label.common_neighbours import diffuse, refine_by_common_neighbours
from getam.pseudo_label.shallow_attention import entropy_weights
from getam.pseudo_label.spreads import SPREADS, first_deep


def drawn(blocks=4, patches=6):
    """Calls of one prefix token and patches, and maps."""
    tokens = [torch.randn(2, 3, patches + 1, 4) for _ in range(blocks)]
    return [Attention(3 * t, t, t, t) for t in tokens], torch.rand(2, 3, 2, patches // 2)


def explicit(call):
    return call.scores(slice(None)).softmax(-1).mean(1)[:, 1:, 1:]


def test_shallow_blocks_alone_spread():
    calls, maps = drawn()
    assert first_deep(len(calls)) == 2
    mean = (explicit(calls[0]) + explicit(calls[1])) / 2
    expected = unit_range((mean @ maps.flatten(2).mT).mT.view_as(maps))
    torch.testing.assert_close(SPREADS["shallow"](maps, calls), expected)


def test_weighted_by_the_entropy_of_all_blocks():
    calls, maps = drawn()
    weights = 1 - entropy_weights(maps, [explicit(call) for call in calls])
    mean = sum(w * explicit(call) for w, call in zip(weights[:2], calls[:2], strict=True))
    expected = unit_range((mean @ maps.flatten(2).mT).mT.view_as(maps))
    torch.testing.assert_close(SPREADS["shallow_by_entropy"](maps, calls), expected)


def test_common_neighbours_of_all_blocks():
    calls, maps = drawn()
    attention = refine_by_common_neighbours(patch_affinity(calls, patches=6))
    expected = diffuse(maps, attention)
    expected = expected / expected.amax((2, 3), keepdim=True)
    torch.testing.assert_close(SPREADS["common_neighbours"](maps, calls), expected)
