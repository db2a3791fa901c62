"""A timm vision transformer made by name: class token, fused attention, any input size."""

import difflib
from typing import Any

import timm
from timm.models.vision_transformer import VisionTransformer
from torch import nn

from getam.network import small_vit  # noqa: F401  (registers our own small model with timm)
from getam.network.hub import ADVICE, pretrained_overlay


def create_backbone(name: str, *, pretrained: bool = True) -> VisionTransformer:
    """Make a timm transformer without its head, for inputs of any size.

    Parameters
    ----------
    name
        A timm model name, with or without a pretrained tag (``vit_base_patch16_224.dino``).
    pretrained
        Take the weights that timm names for the model, from the hub or its cache.

    Returns
    -------
    VisionTransformer
        The timm model, or one with the same interface (timm's Eva).

    Raises
    ------
    ValueError
        Unknown name (the nearest names are given), not a vision transformer with a class token, or
        no pretrained weights known for it.
    OSError
        The pretrained weights cannot be fetched.
    """
    check_known(name)
    overlay = pretrained_overlay(name) if pretrained else None
    model = _create(name, pretrained=pretrained, pretrained_cfg_overlay=overlay)
    _check_usable(model, name)
    return model


def tap_blocks(depth: int, count: int = 4) -> list[int]:
    """Blocks whose output feeds the decoder, evenly spaced and ending at the last.

    Examples
    --------
    >>> tap_blocks(12)
    [2, 5, 8, 11]
    >>> tap_blocks(6)
    [0, 2, 3, 5]
    """
    if depth < count:
        raise ValueError(f"backbone must have at least {count} blocks, got {depth}")
    return [(i + 1) * depth // count - 1 for i in range(count)]


def convolution_stages(model: VisionTransformer) -> list[nn.Module]:
    """Stages of a hybrid's stem with strides 4 and 8; empty for a plain ViT."""
    stem: Any = getattr(model.patch_embed, "backbone", None)
    return list(stem.stages[:2]) if hasattr(stem, "stages") else []


def stage_widths(model: VisionTransformer) -> list[int]:
    """Channels of what :func:`convolution_stages` return."""
    stages: list[Any] = convolution_stages(model)
    return [stage.blocks[-1].conv3.out_channels for stage in stages]


def patch_stride(model: VisionTransformer) -> int:
    """Pixels per patch token along one side."""
    return int(model.patch_embed.feat_ratio())


def normalisation(model: VisionTransformer) -> tuple[list[float], list[float]]:
    """Mean and deviation per channel, of values in 0..1, that the weights were trained with."""
    configuration: Any = model.pretrained_cfg
    return list(configuration["mean"]), list(configuration["std"])


def check_known(name: str) -> None:
    """Raise a ValueError with the nearest names if timm has no model of this name."""
    if timm.is_model(name):
        return
    near = difflib.get_close_matches(name, timm.list_models(), n=3)
    hint = f"nearest: {', '.join(near)}" if near else "timm.list_models() lists the names"
    raise ValueError(f"backbone must be a timm model name, got {name!r}; {hint}")


def _create(name: str, **options: Any) -> VisionTransformer:
    create: Any = timm.create_model  # says nn.Module for every model
    try:
        return create(name, num_classes=0, dynamic_img_size=True, **options)
    except (TypeError, AssertionError) as error:
        raise ValueError(
            f"backbone must be a vision transformer for any input size, got {name!r} ({error})"
        ) from None
    except OSError as error:
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise OSError(f"no pretrained weights for {name!r} ({reason}): {ADVICE}") from None


def _check_usable(model: VisionTransformer, name: str) -> None:
    if getattr(model, "cls_token", None) is None or not hasattr(model, "forward_intermediates"):
        raise ValueError(f"backbone must be a vision transformer with a class token, got {name!r}")
