"""This module defines a small ViT with a convolutional stem (Xiao et al. 2021), for few images.

It registers the model with timm, so that the model is made by its name like every other backbone.
"""

from functools import partial
from typing import Any

from timm.layers import HybridEmbed
from timm.models import build_model_with_cfg, generate_default_cfgs, register_model
from timm.models.vision_transformer import VisionTransformer
from torch import nn

default_cfgs = generate_default_cfgs(
    {
        "getam_vit_nano": {
            "input_size": (3, 96, 96),
            "num_classes": 0,
            "mean": (0.5, 0.5, 0.5),
            "std": (0.5, 0.5, 0.5),
        }
    }
)


@register_model
def getam_vit_nano(pretrained: bool = False, **options: Any) -> VisionTransformer:
    """Make a ViT of 6 blocks, 4 heads and width 128, with convolutions to patches of 8 pixels."""
    width = 128
    embed = partial(HybridEmbed, backbone=_stem((32, 64, width)), proj=False)
    sizes = {"img_size": 96, "patch_size": 1, "embed_dim": width, "depth": 6, "num_heads": 4}
    return build_model_with_cfg(
        VisionTransformer,
        "getam_vit_nano",
        pretrained,
        **{**sizes, "embed_layer": embed, **options},
    )


def _stem(widths: tuple[int, ...]) -> nn.Sequential:
    """Make a stem that halves the size once per width: 3x3 convolution, batch norm, ReLU."""
    layers: list[nn.Module] = []
    for inputs, outputs in zip((3, *widths), widths, strict=False):
        layers += [
            nn.Conv2d(inputs, outputs, 3, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(),
        ]
    return nn.Sequential(*layers)
