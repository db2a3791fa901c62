"""Readout, fusion, channel attention and head against their plain forms."""

import torch
import torch.nn.functional as F

from getam.network.decoder import ChannelAttention, Decoder, Fusion, ResidualUnit


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
