"""Every method equals explicit attention, hooks on the layers, the classifier's own weights."""

from functools import partial

import pytest
import timm
import torch
from reference.explicit_attention import slow_map
from reference.explicit_tokens import SLOW

from getam.activation import METHODS, activation_maps

from .models import TINY, redraw, tiny, tiny_network

CLASSES = [[3, 0], [], [1, 0, 2]]
OF_CLASS_TOKEN = [name for name, method in METHODS.items() if method.reads == "class_token"]


def assert_equal_slow(model, images, *, method, prefix, grid, first_block=6):
    maps = activation_maps(model, images, classes=CLASSES, method=method, first_block=first_block)
    near = 1e-4 if method in SLOW else 1e-5
    slow_method = SLOW.get(method, partial(slow_map, method=method))
    for image, wanted, image_maps in zip(images, CLASSES, maps, strict=True):
        assert image_maps.shape == (len(wanted), *grid)
        for index, ours in zip(wanted, image_maps, strict=True):
            slow = slow_method(
                model, image, index, first_block=first_block, prefix=prefix, grid=grid
            )
            torch.testing.assert_close(ours, slow, rtol=1e-4, atol=near * slow.max().item())
    assert max(image_maps.max() for image_maps in maps if len(image_maps)) > 0


@pytest.mark.parametrize("method", OF_CLASS_TOKEN)
@pytest.mark.parametrize("family", ["plain", "attention bias", "rotary and registers"])
def test_every_method_of_the_class_token(method, family, monkeypatch):
    monkeypatch.setattr("getam.activation.attention.ROWS", 5)  # several bands of rows
    model, images, prefix, grid = tiny(family)
    assert_equal_slow(model, images, method=method, prefix=prefix, grid=grid)


@pytest.mark.parametrize("method", SLOW)
@pytest.mark.parametrize(("family", "first_block"), [("plain", 6), ("plain", 0), ("registers", 7)])
def test_every_method_of_tokens(method, family, first_block, monkeypatch):
    monkeypatch.setattr("getam.activation.attention.ROWS", 5)  # several bands of rows
    model, images, prefix, grid = tiny(family)
    assert_equal_slow(
        model, images, method=method, prefix=prefix, grid=grid, first_block=first_block
    )


@pytest.mark.parametrize("method", SLOW)
@pytest.mark.parametrize("fc_norm", [False, True])  # the last norm before or after pooling
def test_no_class_token_is_needed(method, fc_norm):
    torch.manual_seed(0)
    name, options = "vit_medium_patch16_reg4_gap_256", {"img_size": (48, 64), "fc_norm": fc_norm}
    model = timm.create_model(name, pretrained=False, **TINY, **options).eval()
    redraw(model)
    assert_equal_slow(model, torch.randn(3, 3, 48, 64), method=method, prefix=4, grid=(3, 4))


def test_queries_and_keys_that_are_normalised_are_not_taken_for_tokens():
    torch.manual_seed(0)
    name, options = "vit_tiny_patch16_224", {**TINY, "img_size": (48, 64), "qk_norm": True}
    model = timm.create_model(name, pretrained=False, **options).eval()
    redraw(model)
    assert_equal_slow(model, torch.randn(3, 3, 48, 64), method="layer_cam", prefix=1, grid=(3, 4))


def test_our_network_has_a_linear_classifier():
    network = tiny_network()
    image = torch.randn(1, 3, 48, 64)
    (maps,) = activation_maps(network, image, classes=[[2]], method="cam", first_block=3)
    tokens = network.forward_features(image).patch_tokens[0]
    slow = (tokens @ network.class_head.weight[2]).relu().view(6, 8)
    torch.testing.assert_close(maps[0], slow.detach())


def test_the_tokens_of_every_block_must_be_observable():
    class Standardise(torch.nn.Module):
        def forward(self, x):
            return (x - x.mean(-1, keepdim=True)) / x.std(-1, keepdim=True)

    model, images, _, _ = tiny()
    for block in model.blocks:
        block.norm1 = block.norm2 = Standardise()
    with pytest.raises(ValueError, match="enter the blocks were not observed"):
        activation_maps(model, images, classes=CLASSES, method="layer_cam")


def normalising_after():
    torch.manual_seed(0)
    name, options = "vit_relpos_base_patch16_rpn_224", {**TINY, "img_size": (48, 64)}
    model = timm.create_model(name, pretrained=False, **options).eval()
    redraw(model)
    return model, torch.randn(3, 3, 48, 64)


@pytest.mark.parametrize("first_block", [0, 6])
def test_layer_cam_is_refused_where_norms_come_after_the_blocks(first_block):
    model, images = normalising_after()
    with pytest.raises(ValueError, match="every block must begin with layer_norm"):
        activation_maps(model, images, classes=CLASSES, method="layer_cam", first_block=first_block)


@pytest.mark.parametrize("method", ["cam", "transcam"])
def test_methods_of_the_final_tokens_do_not_mind(method):
    model, images = normalising_after()
    assert_equal_slow(model, images, method=method, prefix=0, grid=(3, 4))
