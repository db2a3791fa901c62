"""A network is made from the name of its backbone."""

import pytest
import torch

from getam.network import build_network

from .conftest import TINY


def test_decoder_width_follows_the_backbone():
    assert build_network(TINY, 3, pretrained=False).architecture.decoder_width == 192 // 6
    small = build_network("getam_vit_nano", 3, pretrained=False)
    assert small.architecture.decoder_width == 32  # no narrower than that
    narrow = build_network(TINY, 3, pretrained=False, decoder_width=24)
    assert narrow.decoder.adapt[0].out_channels == 24


def test_normalisation_can_be_given():
    network = build_network("getam_vit_nano", 3, pretrained=False, mean=(0, 0.5, 1), std=(1, 2, 4))
    normalised = network.normalise(torch.full((1, 3, 1, 1), 255.0))
    torch.testing.assert_close(normalised.flatten(), torch.tensor([1.0, 0.25, 0.0]))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"backbone": "vit_tny_patch16_224"}, "nearest: vit_tiny_patch16_224"),
        ({"backbone": "vit_base_patch16_gap_224"}, "with a class token"),
        ({"backbone": "resnet18"}, "vision transformer"),
        ({"backbone": "resnet18", "pretrained": False}, "vision transformer"),
        ({"classifier": "median"}, "class_token, average, maximum, stride32"),
        ({"backbone_style": "old"}, "timm, released"),
        ({"num_classes": 0}, "num_classes must be 1 or more"),
    ],
)
def test_a_wrong_argument_gets_one_line(arguments, message):
    defaults = {"backbone": "getam_vit_nano", "num_classes": 3, "pretrained": False}
    with pytest.raises(ValueError, match=message) as error:
        build_network(**{**defaults, **arguments})
    assert "\n" not in str(error.value)
