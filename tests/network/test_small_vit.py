"""Our own small ViT is a timm model like any other."""

import timm
import torch

from getam.network import build_network


def test_it_is_made_by_name():
    network = build_network("getam_vit_nano", 10, pretrained=False)
    assert "getam_vit_nano" in timm.list_models()
    assert network.backbone.num_prefix_tokens == 1
    features = network.forward_features(torch.randn(1, 3, 96, 64))
    assert features.grid == (12, 8)
    assert features.patch_tokens.shape == (1, 96, 128)


def test_it_is_small():
    network = build_network("getam_vit_nano", 10, pretrained=False, decoder_width=32)
    assert sum(p.numel() for p in network.backbone.parameters()) < 1.4e6
    assert sum(p.numel() for p in network.parameters()) < 2e6  # below 4 MB in half precision
