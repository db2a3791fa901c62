"""Readout, fusion, channel attention and head against their plain forms."""

import torch
import torch.nn.functional as F

from getam.network.decoder import ChannelAttention, Decoder, Fusion, ResidualUnit
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


def _residual_unit(unit, x):
    y = unit.norm1(F.conv2d(F.relu(x), unit.conv1.weight, padding=1))
    return x + unit.norm2(F.conv2d(F.relu(y), unit.conv2.weight, padding=1))


def test_fusion_enlarges_by_two_before_it_projects():
    """Ours projects before it enlarges, DPT after: the same, as both are linear."""
    coarse, fine = Fusion(6, first=True).eval(), Fusion(6).eval()
    level, finer = torch.randn(2, 6, 3, 4), torch.randn(2, 6, 6, 8)
    path = F.interpolate(
        _residual_unit(coarse.refine_sum, level),
        scale_factor=2,
        mode="bilinear",
        align_corners=True,
    )
    path = coarse.project(path) + _residual_unit(fine.refine_map, finer)
    expected = fine.project(_residual_unit(fine.refine_sum, path))
    torch.testing.assert_close(fine(finer, coarse(level)), expected)


def test_residual_unit_leaves_its_input_alone():
    x = torch.randn(1, 4, 3, 3)
    before = x.clone()
    ResidualUnit(4)(x)
    assert torch.equal(x, before)


def test_channel_attention_by_loops():
    module, x = ChannelAttention(8), torch.randn(2, 8, 5, 4)
    y = module.body(x)
    expected = x.clone()
    for image in range(2):
        squeezed = torch.stack([y[image, channel].sum() / 20 for channel in range(8)])
        hidden = (module.gate[0].weight @ squeezed).clamp(min=0)
        excited = 1 / (1 + torch.exp(-module.gate[2].weight @ hidden))
        for channel in range(8):
            expected[image, channel] += y[image, channel] * excited[channel]
    torch.testing.assert_close(module(x), expected)


def test_decoder_takes_odd_grids_and_answers_in_the_size_asked():
    decoder = Decoder([2, 4, 8, 16], width=8, num_classes=3)
    sizes = [(20, 28), (10, 14), (5, 7), (3, 4)]
    levels = [torch.randn(2, w, *s) for w, s in zip([2, 4, 8, 16], sizes, strict=True)]
    assert decoder(levels, (40, 55)).shape == (2, 4, 40, 55)
