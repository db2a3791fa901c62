"""Tiny vision transformers of every family that the maps must work for, all weights drawn."""

import math

import timm
import torch

from getam.network import build_network

TINY = {"depth": 8, "embed_dim": 32, "num_heads": 2, "num_classes": 4}
FAMILIES = {
    "plain": ("vit_tiny_patch16_224", {"img_size": (48, 64)}),
    "distilled": ("deit_tiny_distilled_patch16_224", {"img_size": (64, 48)}),
    "registers": ("vit_small_patch14_reg4_dinov2", {"img_size": (42, 56)}),
    "rotary and registers": ("vit_small_patch16_dinov3", {"img_size": (48, 64)}),
    "eva02": ("eva02_tiny_patch14_224", {"img_size": (42, 56)}),
    "attention bias": ("beit_base_patch16_224", {"img_size": (48, 64)}),
    "deit3": ("deit3_small_patch16_224", {"img_size": (48, 64)}),
    "clip": ("vit_base_patch16_clip_224", {"img_size": (48, 64)}),
    "hybrid": ("vit_tiny_r_s16_p8_224", {"img_size": (64, 96)}),
}
PREFIX = {"distilled": 2, "registers": 5, "rotary and registers": 5}


def tiny(family="plain"):
    """A model whose every parameter matters: (model, images [3, 3, H, W], prefix tokens, grid)."""
    name, options = FAMILIES[family]
    torch.manual_seed(0)
    model = timm.create_model(name, pretrained=False, **TINY, **options).eval()
    redraw(model)
    height, width = options["img_size"]
    patch = 14 if "patch14" in name else 32 if "_r_" in name else 16
    grid = (height // patch, width // patch)
    return model, torch.randn(3, 3, height, width), PREFIX.get(family, 1), grid


def tiny_swin(*, size=(56, 48), fused=True):
    """A Swin with windows of 4 x 4, shifted, partly filled, stages of 2, 4 and 2 blocks."""
    torch.manual_seed(0)
    options = {"window_size": 4, "embed_dim": 8, "depths": (2, 4, 2), "num_heads": (2, 2, 4)}
    model = timm.create_model(
        "swin_tiny_patch4_window7_224", pretrained=False, num_classes=4, img_size=size, **options
    ).eval()
    redraw(model)
    for module in model.modules():
        if hasattr(module, "fused_attn"):
            module.fused_attn = fused
    return model, torch.randn(2, 3, *size)


def tiny_network():
    """Our own network on its own small backbone, three classes."""
    torch.manual_seed(0)
    network = build_network("getam_vit_nano", 3, pretrained=False, decoder_width=8).eval()
    redraw(network)
    return network


def redraw(model):
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim > 1:
                parameter.normal_(std=1 / math.sqrt(parameter[0].numel()))
            else:
                parameter.add_(0.1 * torch.randn_like(parameter))
