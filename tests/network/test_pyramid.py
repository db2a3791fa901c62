"""Tokens become maps of four strides."""

import torch
import torch.nn.functional as F

from getam.network.features import Features
from getam.network.pyramid import ProjectReadout, build_pyramid


def test_readout_is_a_linear_layer_of_patch_and_class_token_side_by_side():
    readout, patches, class_token = ProjectReadout(8), torch.randn(2, 6, 8), torch.randn(2, 8)
    both = torch.cat([patches, class_token.unsqueeze(1).expand_as(patches)], 2)
    expected = F.gelu(readout.linear(both))
    torch.testing.assert_close(readout(patches, class_token), expected)


def _features(width, grid):
    taps = [(torch.randn(2, grid[0] * grid[1], width), torch.randn(2, width)) for _ in range(4)]
    return Features(torch.empty(0), torch.empty(0), [], taps, grid, (0, 0), (0, 0))


def test_pyramid_has_four_strides():
    levels = build_pyramid(32, [])(_features(32, (4, 6)))
    shapes = [tuple(level.shape[1:]) for level in levels]
    assert shapes == [(4, 16, 24), (8, 8, 12), (16, 4, 6), (32, 2, 3)]


def test_pyramid_puts_every_patch_where_it_was():
    pyramid, features = build_pyramid(32, []), _features(32, (2, 3))
    level = pyramid.levels[2]
    maps = pyramid(features)[2]
    for patch in range(6):
        tokens = level.readout(*features.taps[2])[:, patch, :, None, None]
        expected = level.project(tokens)[:, :, 0, 0]
        torch.testing.assert_close(maps[:, :, patch // 3, patch % 3], expected)
