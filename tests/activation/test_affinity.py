"""Spreading equals explicit N x N patch attention."""

import pytest
import torch
from reference.explicit_attention import explicit_forward, slow_spread

from getam.activation import AttentionRecorder, spread

from .models import tiny


def recorded(family):
    model, images, prefix, grid = tiny(family)
    with torch.no_grad(), AttentionRecorder() as recorder:
        model(images)
    matrices = [explicit_forward(model, image)[1] for image in images]
    calls = list(recorder.calls.values())
    return calls, [[m.detach() for m in own] for own in matrices], prefix, grid


@pytest.mark.parametrize("family", ["plain", "registers", "attention bias", "rotary and registers"])
@pytest.mark.parametrize("times", [1, 2])
def test_equals_explicit_affinity(family, times):
    calls, matrices, prefix, grid = recorded(family)
    maps = torch.rand(3, 2, *grid)
    ours = spread(maps, calls, times=times)
    for own, image_maps, image_matrices in zip(ours, maps, matrices, strict=True):
        slow = slow_spread(image_maps, image_matrices, prefix=prefix, times=times)
        torch.testing.assert_close(own, slow, rtol=1e-4, atol=1e-6)


def test_more_maps_than_a_head_is_wide():
    calls, matrices, prefix, grid = recorded("plain")
    maps = torch.rand(3, 37, *grid)  # a head has 16 columns
    ours = spread(maps, calls)
    for own, image_maps, image_matrices in zip(ours, maps, matrices, strict=True):
        slow = slow_spread(image_maps, image_matrices, prefix=prefix, times=2)
        torch.testing.assert_close(own, slow, rtol=1e-4, atol=1e-6)


def test_no_pass_and_no_map():
    calls, _, _, grid = recorded("plain")
    maps = torch.rand(3, 2, *grid)
    torch.testing.assert_close(spread(maps, calls, times=0), maps)
    assert spread(maps[:, :0], calls).shape == (3, 0, *grid)


def test_maps_as_small_as_gradients_are_survive_half_precision():
    calls, _, _, grid = recorded("plain")
    half = [
        type(c)(c.query.half(), c.key.half(), c.value.half(), c.output.half(), c.bias, c.scale)
        for c in calls
    ]
    maps = torch.rand(3, 2, *grid)
    expected = spread(maps, calls)
    ours = spread(maps * 1e-9, half) * 1e9
    torch.testing.assert_close(ours, expected, rtol=0, atol=2e-3)
