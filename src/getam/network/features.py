"""This module runs the backbone once and keeps what the classifier and the decoder read."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from threading import get_ident
from typing import Any

import torch.nn.functional as F
from timm.models.vision_transformer import VisionTransformer
from torch import Tensor, nn

from getam.network.backbone import convolution_stages, patch_stride, tap_blocks


@dataclass(frozen=True)
class Features:
    """The features are what the backbone gives to the classifier and to the decoder.

    Attributes
    ----------
    class_token
        The class token [B, D] after the last norm.
    patch_tokens
        The patch tokens [B, h * w, D] after the last norm.
    stages
        Maps [B, D_i, h_i, w_i] of the stem of a hybrid, finest first. A plain ViT has none.
    taps
        For each block of `tap_blocks`, its output: patch tokens [B, h * w, D] and class token
        [B, D]. The first ones are missing in a hybrid, which has stages instead.
    grid
        Number of patches along height and width, (h, w).
    padded_size
        Height and width of the image after padding to whole patches.
    size
        Height and width of the image itself.
    outputs
        All tokens [B, N, D] after every block, if they were asked for.
    """

    class_token: Tensor
    patch_tokens: Tensor
    stages: list[Tensor]
    taps: list[tuple[Tensor, Tensor]]
    grid: tuple[int, int]
    padded_size: tuple[int, int]
    size: tuple[int, int]
    outputs: Sequence[Tensor] = ()


def extract_features(
    backbone: VisionTransformer, image: Tensor, *, outputs: bool = False
) -> Features:
    """Run the backbone on normalised images [B, 3, H, W] of any size, and keep outputs if asked.

    An image that does not hold whole patches is padded at the right and at the bottom with zeros,
    which are the mean colour.
    """
    padded = _pad_to_patches(image, patch_stride(backbone))
    stages = convolution_stages(backbone)
    blocks = tap_blocks(len(backbone.blocks))[len(stages) :]
    watched = list(backbone.blocks) if outputs else []
    with _record_outputs(stages) as maps, _record_outputs(watched) as tokens_of_blocks:
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
        outputs=tokens_of_blocks,
    )


def tensors_of(features: Features) -> dict[str, Tensor]:
    """Return features as plain tensors by name, which can be kept; `features_from` reads them.

    The outputs of blocks are not among them.
    """
    return {
        "class_token": features.class_token,
        "patch_tokens": features.patch_tokens,
        **{f"stage{number}": stage for number, stage in enumerate(features.stages)},
        **{f"tap{number}.patches": patches for number, (patches, _) in enumerate(features.taps)},
        **{f"tap{number}.class": token for number, (_, token) in enumerate(features.taps)},
    }


def features_from(
    backbone: VisionTransformer, tensors: Mapping[str, Tensor], size: tuple[int, int]
) -> Features:
    """Return the features that `tensors_of` took apart.

    Parameters
    ----------
    backbone
        The backbone that made them; it does not run.
    tensors
        Each [B, ...], by name, in any number format.
    size
        Height and width of the images.
    """
    dtype = next(backbone.parameters()).dtype
    tensors = {name: each.to(dtype) for name, each in tensors.items()}
    stride = patch_stride(backbone)
    padded = (size[0] + -size[0] % stride, size[1] + -size[1] % stride)
    taps = range(sum(name.endswith(".patches") for name in tensors))
    return Features(
        class_token=tensors["class_token"],
        patch_tokens=tensors["patch_tokens"],
        stages=[tensors[f"stage{n}"] for n in range(sum(n.startswith("stage") for n in tensors))],
        taps=[(tensors[f"tap{n}.patches"], tensors[f"tap{n}.class"]) for n in taps],
        grid=backbone.patch_embed.dynamic_feat_size(padded),
        padded_size=padded,
        size=size,
    )


def _size(image: Tensor) -> tuple[int, int]:
    return image.shape[-2], image.shape[-1]


def _pad_to_patches(image: Tensor, stride: int) -> Tensor:
    down, right = (-side % stride for side in _size(image))
    return F.pad(image, (0, right, 0, down)) if down or right else image


@contextmanager
def _record_outputs(modules: list[nn.Module]) -> Iterator[list[Tensor]]:
    """Collect what the modules return while the ``with`` block runs. Hooks are then removed.

    Other threads may run the same modules at the same time; what is theirs is not collected.
    """
    outputs: list[Tensor] = []
    own = get_ident()

    def record(_module: nn.Module, _inputs: tuple[Tensor, ...], output: Tensor) -> None:
        if get_ident() == own:
            outputs.append(output)

    handles = [module.register_forward_hook(record) for module in modules]
    try:
        yield outputs
    finally:
        for handle in handles:
            handle.remove()
