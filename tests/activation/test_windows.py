"""hgi on timm's Swin equals token-by-token loops; other models and methods are told apart."""

import pytest
import torch
from reference.explicit_windows import slow_hgi

from getam.activation import activation_maps

from .models import tiny, tiny_swin

CLASSES = [[3, 0], [1]]


@pytest.mark.parametrize("size", [(56, 48), (64, 64)])  # windows filled up and whole
@pytest.mark.parametrize("first_block", [0, 2, 4])
def test_equals_loops(size, first_block):
    model, images = tiny_swin(size=size)
    maps = activation_maps(model, images, classes=CLASSES, method="hgi", first_block=first_block)
    for image, wanted, image_maps in zip(images, CLASSES, maps, strict=True):
        for index, ours in zip(wanted, image_maps, strict=True):
            slow = slow_hgi(model, image, index, first_block=first_block, patch=4)
            assert slow.max() > 0
            torch.testing.assert_close(ours, slow, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "getam"}, "does not fit SwinTransformer, which has windowed attention"),
        ({"method": "layer_cam"}, "does not fit SwinTransformer, which has windowed attention"),
        ({"first_block": 6}, r"first_block must lie in 0\.\.5, got 6"),
        ({"first_block": 1}, "first_block must be even"),
        ({"affinity": 1}, "affinity must be 0 for method 'hgi'"),
    ],
)
def test_wrong_use_of_a_swin(options, message):
    model, images = tiny_swin()
    arguments = {"classes": CLASSES, "method": "hgi", "first_block": 0, **options}
    with pytest.raises(ValueError, match=message) as error:
        activation_maps(model, images, **arguments)
    assert "\n" not in str(error.value)


def test_a_swin_as_timm_makes_it_is_told_how_to_fuse():
    model, images = tiny_swin(fused=False)
    with pytest.raises(ValueError, match="TIMM_FUSED_ATTN=1, or 2 for Swin"):
        activation_maps(model, images, classes=CLASSES, method="hgi", first_block=0)


def test_hgi_needs_windows():
    model, images, _, _ = tiny()
    with pytest.raises(ValueError, match="does not fit VisionTransformer, which has no windowed"):
        activation_maps(model, images, classes=[[0]] * 3, method="hgi", first_block=0)
