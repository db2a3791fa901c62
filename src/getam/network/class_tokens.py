"""A backbone gets one more token per class, as MCTformer has (Xu et al., CVPR 2022)."""

from typing import Any

import torch
from timm.models.vision_transformer import VisionTransformer
from torch import nn


def add_class_tokens(backbone: VisionTransformer, count: int) -> None:
    """Give a timm vision transformer more prefix tokens, after those that it has.

    They are register tokens to timm, so nothing else changes: a reader of the class token still
    finds it first, and one of patches skips as many tokens more. Each starts as a copy of the class
    token with its position. Positions of the other prefix tokens are added to them once and for
    all, which changes nothing in what the network computes.

    Parameters
    ----------
    backbone
        The model, which is changed.
    count
        The number of classes.

    Raises
    ------
    ValueError
        If the model joins its tokens in a way of its own, as distilled and rotary models do.
    """
    model: Any = backbone
    if getattr(type(model), "_pos_embed", None) is not VisionTransformer._pos_embed:
        raise ValueError(
            f"class tokens need a plain timm VisionTransformer, got {type(model).__name__}: choose "
            "a backbone such as vit_base_patch16_224 or deit_base_patch16_224"
        )
    with torch.no_grad():
        own = prefix_with_positions(backbone)
        if model.pos_embed is not None and not model.no_embed_class:
            model.pos_embed = nn.Parameter(model.pos_embed[:, model.num_prefix_tokens :].clone())
            model.no_embed_class = True
        more = own[:, :1].expand(-1, count, -1)
        model.cls_token = nn.Parameter(own[:, :1].clone())
        model.reg_token = nn.Parameter(torch.cat([own[:, 1:], more], 1))
    model.num_reg_tokens = model.reg_token.shape[1]
    model.num_prefix_tokens = 1 + model.num_reg_tokens


def prefix_with_positions(backbone: VisionTransformer) -> torch.Tensor:
    """Return the prefix tokens [1, prefix, D] as they enter the first block."""
    model: Any = backbone
    tokens: torch.Tensor = model.cls_token
    if model.reg_token is not None:
        tokens = torch.cat([tokens, model.reg_token], 1)
    if model.pos_embed is None or model.no_embed_class:
        return tokens
    return tokens + model.pos_embed[:, : model.num_prefix_tokens]
