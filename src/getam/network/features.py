"""One pass through the backbone: final tokens and the taps that the decoder reads."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch.nn.functional as F
from timm.models.vision_transformer import VisionTransformer
from torch import Tensor, nn

from getam.network.backbone import convolution_stages, patch_stride, tap_blocks


@dataclass(frozen=True)
class Features:
    """What the backbone gives to the classifier and to the decoder.

    Attributes
    ----------
    class_token
        [B, D] after the last norm.
    patch_tokens
        [B, h * w, D] after the last norm.
    stages
        Maps [B, D_i, h_i, w_i] of a hybrid's stem, finest first; empty for a plain ViT.
    taps
        Per tapped block its patch tokens [B, h * w, D] and class token [B, D], as they leave the
        block.
    grid
        Patches along height and width, (h, w).
    padded_size
        Height and width of the image after padding to whole patches.
    size
        Height and width of the image itself.
    """

    class_token: Tensor
    patch_tokens: Tensor
    stages: list[Tensor]
    taps: list[tuple[Tensor, Tensor]]
    grid: tuple[int, int]
    padded_size: tuple[int, int]
    size: tuple[int, int]


def extract_features(backbone: VisionTransformer, image: Tensor) -> Features:
    """Run the backbone on normalised images [B, 3, H, W] of any size.

    Sizes that are not whole patches are padded at the right and at the bottom with zeros (the mean
    colour).
    """
    padded = _pad_to_patches(image, patch_stride(backbone))
    stages = convolution_stages(backbone)
    blocks = tap_blocks(len(backbone.blocks))[len(stages) :]
    with _record_outputs(stages) as maps:
        result: Any = backbone.forward_intermediates(
            padded, indices=blocks, return_prefix_tokens=True, output_fmt="NLC"
        )
    tokens, taps = result
    tokens = backbone.fc_norm(tokens)  # identity unless the model normalises after its pooling
    return Features(
        class_token=tokens[:, 0],
        patch_tokens=tokens[:, backbone.num_prefix_tokens :],
        stages=maps,
        taps=[(patches, prefix[:, 0]) for patches, prefix in taps],
        grid=backbone.patch_embed.dynamic_feat_size(_size(padded)),
        padded_size=_size(padded),
        size=_size(image),
    )


def _size(image: Tensor) -> tuple[int, int]:
    return image.shape[-2], image.shape[-1]


def _pad_to_patches(image: Tensor, stride: int) -> Tensor:
    down, right = (-side % stride for side in _size(image))
    return F.pad(image, (0, right, 0, down)) if down or right else image


@contextmanager
def _record_outputs(modules: list[nn.Module]) -> Iterator[list[Tensor]]:
    """Collect what the modules return while the block runs; nothing stays behind."""
    outputs: list[Tensor] = []

    def record(_module: nn.Module, _inputs: tuple[Tensor, ...], output: Tensor) -> None:
        outputs.append(output)

    handles = [module.register_forward_hook(record) for module in modules]
    try:
        yield outputs
    finally:
        for handle in handles:
            handle.remove()
