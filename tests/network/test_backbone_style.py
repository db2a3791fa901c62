"""What the released backbone computes otherwise than timm's, against plain loops."""

import copy

import pytest
import timm
import torch

from getam.network.backbone_style import released_style, resize_bilinear, standardise


def _bilinear_at(maps, row, column):
    """Value of maps [h, w, D] at a real position, edges repeated."""
    height, width = maps.shape[:2]
    row, column = max(row, 0), max(column, 0)
    top, left = int(row), int(column)
    bottom, right = min(top + 1, height - 1), min(left + 1, width - 1)
    down, along = row - top, column - left
    above = maps[top, left] * (1 - along) + maps[top, right] * along
    below = maps[bottom, left] * (1 - along) + maps[bottom, right] * along
    return above * (1 - down) + below * down


@pytest.mark.parametrize("prefix", [1, 2])
@pytest.mark.parametrize("grid", [(3, 2), (5, 7), (4, 4)])
def test_position_embedding_is_resized_bilinearly(prefix, grid):
    position = torch.randn(1, prefix + 16, 5)
    maps = position[0, prefix:].view(4, 4, 5)
    expected = [
        _bilinear_at(maps, (i + 0.5) * 4 / grid[0] - 0.5, (j + 0.5) * 4 / grid[1] - 0.5)
        for i in range(grid[0])
        for j in range(grid[1])
    ]
    resized = resize_bilinear(position, num_prefix_tokens=prefix, old_grid=(4, 4), grid=grid)
    torch.testing.assert_close(resized[0, prefix:], torch.stack(expected))
    assert torch.equal(resized[0, :prefix], position[0, :prefix])


def test_weights_are_standardised_per_output_channel():
    weight = torch.randn(3, 2, 3, 3)
    for channel, standard in zip(weight, standardise(weight), strict=True):
        mean = channel.sum() / 18
        deviation = ((channel - mean).square().sum() / 18).sqrt()
        torch.testing.assert_close(standard, (channel - mean) / (deviation + 1e-5))


@pytest.mark.parametrize("name", ["vit_tiny_patch16_224", "deit_tiny_distilled_patch16_224"])
def test_at_its_own_size_a_released_vit_is_timms_and_a_copy_of_it_too(name):
    model = timm.create_model(name, num_classes=0, dynamic_img_size=True, img_size=64).eval()
    styled = copy.deepcopy(model)
    released_style(styled)
    image, other = torch.randn(1, 3, 64, 64), torch.randn(1, 3, 96, 64)
    torch.testing.assert_close(styled(image), model(image))
    assert not torch.allclose(styled(other), model(other))
    twin = copy.deepcopy(styled)
    assert torch.equal(twin(other), styled(other))
    assert styled.state_dict().keys() == model.state_dict().keys()
