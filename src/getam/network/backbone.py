"""This module makes a timm vision transformer by its name, for images of any size."""

import difflib
from typing import Any

import timm
from timm.models.vision_transformer import VisionTransformer
from torch import nn

from getam.network import small_vit  # noqa: F401  (registers our own small model with timm)
from getam.network.hub import ADVICE, pretrained_overlay


def create_backbone(name: str, *, pretrained: bool = True) -> VisionTransformer:
    """Make a timm transformer without its head, for images of any size.

    Parameters
    ----------
    name
        A timm model name, with or without a pretrained tag (``vit_base_patch16_224.dino``).
    pretrained
        Whether to take the weights that timm names for the model, from the hub or its cache.

    Returns
    -------
    VisionTransformer
        The timm model. It may be another class with the same interface, such as timm's ``Eva``.

    Raises
    ------
    ValueError
        If the name is unknown, if the model is no vision transformer with a class token, or if no
        pretrained weights are known for it. The message gives the nearest known names.
    OSError
        If the pretrained weights cannot be fetched.
    """
    check_known(name)
    overlay = pretrained_overlay(name) if pretrained else None
    model = _create(name, pretrained=pretrained, pretrained_cfg_overlay=overlay)
    _check_usable(model, name)
    return model


def tap_blocks(depth: int, count: int = 4) -> list[int]:
    """Return the indices of the blocks that feed the decoder, evenly spaced up to the last.

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
    """Return the stages of the stem of a hybrid with strides 4 and 8. A plain ViT has none."""
    stem: Any = getattr(model.patch_embed, "backbone", None)
    return list(stem.stages[:2]) if hasattr(stem, "stages") else []


def stage_widths(model: VisionTransformer) -> list[int]:
    """Return the number of channels of each stage in :func:`convolution_stages`."""
    stages: list[Any] = convolution_stages(model)
    return [stage.blocks[-1].conv3.out_channels for stage in stages]


def patch_stride(model: VisionTransformer) -> int:
    """Return the number of pixels per patch along one side."""
    return int(model.patch_embed.feat_ratio())


def normalisation(model: VisionTransformer) -> tuple[list[float], list[float]]:
    """Return the mean and deviation per channel, for values in 0..1, of the model's training."""
    configuration: Any = model.pretrained_cfg
    return list(configuration["mean"]), list(configuration["std"])


def check_known(name: str) -> None:
    """Raise a ValueError with the nearest known names if timm has no model of this name."""
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
