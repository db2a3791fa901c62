"""Each check raises a ValueError of one line if arguments, model or pass do not allow maps."""

import operator
from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn

from getam.activation.lookup import lookup_method

OF_CLASS_TOKEN = ("class_token", "all_gradients")  # what a method may read of it
CLASS_TOKENS = {"cls_token", "class_token", "class_embedding"}  # as libraries call it
MOST_AFFINITY = 1000  # as in a recipe: more would run for hours and change nothing
FUSED = (
    "the model made no scaled_dot_product_attention call: turn fused attention on "
    "(TIMM_FUSED_ATTN=1, or 2 for Swin; attn_implementation='sdpa')"
)


def check_images(images: Any, classes: Sequence[Sequence[int]]) -> None:
    """Raise unless images are one batch [B, 3, H, W] with one list of classes each."""
    if not isinstance(images, Tensor) or images.ndim != 4:
        got = tuple(images.shape) if isinstance(images, Tensor) else type(images).__name__
        raise ValueError(
            f"images must be one tensor [B, 3, H, W], got {got}: stack photos of one size, give "
            "those of other sizes one by one"
        )
    if len(classes) != len(images):
        raise ValueError(
            f"classes must be one list per image: expected {len(images)} lists, got {len(classes)}"
        )


def check_class_lists(classes: Any) -> None:
    """Raise unless classes are one list of class indices per image."""
    try:
        if any(isinstance(index, bool) for wanted in classes for index in wanted):
            raise TypeError
        for wanted in classes:
            list(map(operator.index, wanted))
    except TypeError:
        raise ValueError(
            "classes must be one list of class indices per image, e.g. [[3, 7], [14]] for two "
            f"images, got {str(classes)[:60]!r}"
        ) from None


def check_count(name: str, value: Any) -> None:
    """Raise unless a value is an integer."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError(f"{name} must be an integer, e.g. {name}=6, got {value!r}")


def check_affinity(affinity: int, method: str) -> None:
    """Raise unless the maps of a method can be spread so many times by patch affinity."""
    if not 0 <= affinity <= MOST_AFFINITY:
        raise ValueError(f"affinity must be in 0..{MOST_AFFINITY}, got {affinity}")
    if affinity and lookup_method(method).reads == "windows":
        raise ValueError(
            f"affinity must be 0 for method {method!r}: windowed attention has no affinity of all "
            f"patches, got {affinity}"
        )


def check_classes(classes: Sequence[Sequence[int]], num_classes: int) -> None:
    """Raise if a class index is outside 0..num_classes-1."""
    outside = {index for wanted in classes for index in wanted if not 0 <= index < num_classes}
    if outside:
        raise ValueError(
            f"classes must lie in 0..{num_classes - 1} (the model has {num_classes} classes), "
            f"got {sorted(outside)[:5]}"
        )


def check_scores(scores: Any, images: int) -> None:
    """Raise unless scores are [B, C]."""
    if not isinstance(scores, Tensor) or scores.ndim != 2 or len(scores) != images:
        shape = tuple(getattr(scores, "shape", ()))
        raise ValueError(
            f"score must return class scores [B, C] for {images} images, got "
            f"{type(scores).__name__}{shape}"
        )


def check_model(model: nn.Module, method: str, *, windowed: bool) -> None:
    """Raise unless the model has what the method reads."""
    reads = lookup_method(method).reads
    if windowed != (reads == "windows"):
        kind = "windowed attention: use hgi" if windowed else "no windowed attention (timm's Swin)"
        raise ValueError(f"method {method!r} does not fit {type(model).__name__}, which has {kind}")
    names = {name.rpartition(".")[2] for name, _ in model.named_parameters()}
    # Register tokens come before the patches too: that there are prefix tokens is not enough.
    if reads in OF_CLASS_TOKEN and not names & CLASS_TOKENS:
        raise ValueError(
            f"method {method!r} needs a class token, {type(model).__name__} has none: use cam, "
            "layer_cam, transcam or legrad"
        )


def check_class_token(method: str, prefix: int) -> None:
    """Raise if a method reads the class token and no token comes before the recorded patches."""
    if lookup_method(method).reads in OF_CLASS_TOKEN and prefix == 0:
        raise ValueError(
            f"method {method!r} needs a class token, and none goes through the recorded "
            "blocks: use cam, layer_cam, transcam or legrad"
        )


def check_attention(seen: int, model: nn.Module) -> None:
    """Raise if not a single block of attention was seen in a forward pass of the model."""
    if seen == 0 and can_fuse(model):
        raise ValueError(FUSED)
    if seen == 0:
        raise ValueError(
            f"{type(model).__name__} has no attention that can be observed, by a call of "
            "scaled_dot_product_attention: use a vision transformer"
        )


def can_fuse(model: nn.Module) -> bool:
    """Say whether timm (``fused_attn``) or Hugging Face could fuse attention that was not fused."""
    return any(
        getattr(module, "fused_attn", None) is False or getattr(module, "_supports_sdpa", False)
        for module in model.modules()
    )


def check_first_block(first_block: int, count: int, *, windowed: bool) -> None:
    """Raise unless maps can start at a block; ``count`` blocks were seen that may count."""
    if count == 0:
        raise ValueError(FUSED)
    if not 0 <= first_block < count:
        raise ValueError(f"first_block must lie in 0..{count - 1}, got {first_block}")
    if windowed and first_block % 2:
        raise ValueError(
            f"first_block must be even, where a pair of windowed blocks begins, got {first_block}"
        )


def check_finite(maps: Tensor, images: Tensor) -> None:
    """Raise if images or half precision brought infinity or NaN into maps [B, K, h, w]."""
    if not maps.isfinite().all():
        if not images.isfinite().all():
            raise ValueError("images hold infinity or NaN: give finite pixels")
        raise ValueError(
            "the maps hold infinity or NaN: the model overflowed in half precision or has such "
            "weights; run it in float32 or bfloat16"
        )
