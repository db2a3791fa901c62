"""A frame holds what counts of a forward pass, and refuses one that the settings cannot read."""

import pytest
import torch
from timm.models.volo import VOLO

from getam.activation import Setting, activation_maps, maps_of_settings

from .models import tiny, tiny_network


@pytest.mark.parametrize(("size", "grid"), [((64, 96), (8, 12)), ((65, 90), (9, 12))])
def test_patches_are_those_the_model_makes(size, grid):
    (maps,) = activation_maps(
        tiny_network(), torch.randn(1, 3, *size), classes=[[0]], first_block=3
    )
    assert maps.shape == (1, *grid)


@pytest.mark.parametrize("method", ["getam", "generic"])
def test_a_class_token_that_joins_after_the_blocks_is_refused(method):
    model = VOLO((1, 1), img_size=64, embed_dims=(16, 32), num_heads=(2, 2), num_classes=2)
    images = torch.randn(1, 3, 64, 64)
    with pytest.raises(ValueError, match="needs a class token"):
        activation_maps(model, images, classes=[[0]], first_block=0, method=method)
    with pytest.raises(ValueError, match="needs a class token"):
        settings = [Setting("cam", 0), Setting(method, 0)]
        maps_of_settings(model.eval(), images, classes=[[0]], settings=settings)


def test_every_setting_is_checked():
    model, images, _, _ = tiny()
    settings = [Setting("getam", 3), Setting("grad", 8)]
    with pytest.raises(ValueError, match=r"first_block must lie in 0\.\.7, got 8"):
        maps_of_settings(model, images, classes=[[0]] * 3, settings=settings)
