"""This module makes a backbone compute as in the released GETAM, which used timm of 2021.

That code differs from timm today in two things. It resizes the position embedding to other grids
bilinearly (as in DPT), while timm does so bicubically with anti-aliasing. At 96 x 128 pixels this
changes the class logits of a 384-pixel DeiT-B by 3 %. The convolutions of the hybrid divide their
weights by (standard deviation + 1e-5), while timm divides by sqrt(variance + 1e-8). This changes
the class logits by 0.02 %.
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from timm.layers import StdConv2dSame, pad_same
from timm.models.vision_transformer import VisionTransformer
from torch import Tensor, nn


def timm_style(_model: VisionTransformer) -> None:
    """Leave a model as timm made it."""


def released_style(model: VisionTransformer) -> None:
    """Make a timm ViT compute what it computed in the released code.

    The class of the model is replaced by a subclass, as ``torch.nn.utils.parametrize`` does.
    Copies of the model therefore behave the same, and parameters keep their names.
    """
    _adopt(model, _BilinearPosition)
    for module in model.modules():
        if isinstance(module, StdConv2dSame):
            _adopt(module, _DeviationPlusEpsilon)


BACKBONE_STYLES: dict[str, Callable[[VisionTransformer], None]] = {
    "timm": timm_style,
    "released": released_style,
}
"""The function that sets a style on a timm model, by the name of the style."""


def resize_bilinear(
    position: Tensor,
    *,
    num_prefix_tokens: int,
    old_grid: tuple[int, int],
    grid: tuple[int, int],
) -> Tensor:
    """Resize a position embedding [1, P + h0 * w0, D] to [1, P + h * w, D], bilinearly.

    The entries of the P prefix tokens stay as they are.
    """
    prefix, patches = position.tensor_split([num_prefix_tokens], 1)
    maps = F.interpolate(patches.mT.unflatten(2, old_grid), grid, mode="bilinear")
    return torch.cat([prefix, maps.flatten(2).mT], 1)


def standardise(weight: Tensor, *, epsilon: float = 1e-5) -> Tensor:
    """Scale a convolution weight [D_out, D_in, h, w] to mean 0 and deviation 1 per output."""
    deviation, mean = torch.std_mean(weight, dim=(1, 2, 3), keepdim=True, correction=0)
    return (weight - mean) / (deviation + epsilon)


def _adopt(module: nn.Module, part: type) -> None:
    kind = type(module)
    module.__class__ = type(f"Released{kind.__name__}", (part, kind), {})


class _BilinearPosition(VisionTransformer):
    """This part serves a timm ViT whose class and distillation tokens carry a position too."""

    def _pos_embed(self, patches: Tensor) -> Tensor:
        """Turn patch embeddings [B, h, w, D] into tokens [B, N, D]."""
        prefix = [self.cls_token, getattr(self, "dist_token", None)]
        tokens = [p.expand(len(patches), -1, -1) for p in prefix if p is not None]
        assert self.pos_embed is not None
        position = resize_bilinear(
            self.pos_embed,
            num_prefix_tokens=len(tokens),
            old_grid=self.patch_embed.grid_size,
            grid=(patches.shape[1], patches.shape[2]),
        )
        return self.pos_drop(torch.cat([*tokens, patches.flatten(1, 2)], 1) + position)


class _DeviationPlusEpsilon(StdConv2dSame):
    """This part serves timm's weight-standardised convolution with "same" padding."""

    def forward(self, x: Tensor) -> Tensor:
        if self.same_pad:
            x = pad_same(x, list(self.kernel_size), list(self.stride), list(self.dilation))
        weight = standardise(self.weight)
        return F.conv2d(x, weight, self.bias, self.stride, self.padding, self.dilation)
