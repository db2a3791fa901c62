"""What must hold before maps are made, of arguments, model and recorded pass: one line if not."""

import operator
from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn

from getam.activation.lookup import lookup_method
from getam.activation.methods import READ_TOKENS
from getam.activation.record import Attention, AttentionRecorder
from getam.activation.windows import Windows, blocks_before_last_stage

CLASS_TOKENS = {"cls_token", "class_token", "class_embedding"}  # as libraries call it
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


def class_lists(classes: Any) -> list[list[int]]:
    """One list of class indices per image; a ValueError if it is anything else."""
    try:
        if any(isinstance(index, bool) for wanted in classes for index in wanted):
            raise TypeError
        return [[operator.index(index) for index in wanted] for wanted in classes]
    except TypeError:
        raise ValueError(
            "classes must be one list of class indices per image, e.g. [[3, 7], [14]] for two "
            f"images, got {str(classes)[:60]!r}"
        ) from None


def check_count(name: str, value: Any) -> None:
    """Raise unless a value is an integer."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError(f"{name} must be an integer, e.g. {name}=6, got {value!r}")


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
    if reads == "class_token" and not names & CLASS_TOKENS:
        raise ValueError(
            f"method {method!r} needs a class token, {type(model).__name__} has none: use cam, "
            "layer_cam or transcam"
        )


def check_class_token(methods: Sequence[str], prefix: int) -> None:
    """Raise if a method reads the class token and no token comes before the recorded patches."""
    for method in methods:
        if lookup_method(method).reads == "class_token" and prefix == 0:
            raise ValueError(
                f"method {method!r} needs a class token, and none goes through the recorded "
                "blocks: use cam, layer_cam or transcam"
            )


def observed_grid(recorder: AttentionRecorder, model: nn.Module) -> tuple[int, int]:
    """The patches (h, w) of the recorded pass, in which attention was seen."""
    if recorder.seen == 0 and can_fuse(model):
        raise ValueError(FUSED)
    if recorder.seen == 0:
        raise ValueError(
            f"{type(model).__name__} has no attention that can be observed, by a call of "
            "scaled_dot_product_attention: use a vision transformer"
        )
    if recorder.grid is None:
        raise ValueError(
            "the patches cannot be counted: the model makes them without a convolution"
        )
    return recorder.grid


def can_fuse(model: nn.Module) -> bool:
    """Whether timm (``fused_attn``) or Hugging Face could fuse attention that was not."""
    return any(
        getattr(module, "fused_attn", None) is False or getattr(module, "_supports_sdpa", False)
        for module in model.modules()
    )


def counted_calls(
    recorder: AttentionRecorder, first: int, windows: Sequence[Windows]
) -> list[Attention]:
    """The blocks from ``first`` on; of windowed ones whole pairs before the last stage."""
    if recorder.seen == 0:
        raise ValueError(FUSED)
    count = blocks_before_last_stage(windows) if windows else recorder.seen
    if not 0 <= first < count:
        raise ValueError(f"first_block must lie in 0..{count - 1}, got {first}")
    if windows and first % 2:
        raise ValueError(
            f"first_block must be even, where a pair of windowed blocks begins, got {first}"
        )
    return [recorder.calls[index] for index in range(first, count)]


def prefix_tokens(calls: Sequence[Attention], *, images: int, patches: int) -> int:
    """Tokens before the patches, the same in every block, each of which sees a whole image."""
    sizes = {(call.query.shape[0], call.query.shape[2]) for call in calls}
    (batch, tokens) = sizes.pop()
    if sizes or batch != images or tokens < patches:
        raise ValueError(
            f"the model's blocks must all see the {patches} patches of each image, as a vision "
            f"transformer's do; one sees {tokens} tokens of {batch} for {images} images"
        )
    return tokens - patches


def recorded_tokens(
    recorder: AttentionRecorder, calls: Sequence[Attention], *, methods: Sequence[str]
) -> list[tuple[Tensor, Tensor]]:
    """What the methods read: inputs of the blocks, then final tokens, each with what to watch."""
    reads = {lookup_method(method).reads for method in methods}
    if not reads & set(READ_TOKENS):
        return []
    if recorder.final is None:
        raise ValueError("the model's final tokens were not observed: none are [B, N, D]")
    if "tokens" not in reads:
        return [recorder.final]
    inputs = [call.tokens for call in calls if call.tokens is not None]
    if len(inputs) < len(calls):
        raise ValueError(
            "the tokens that enter the blocks were not observed: every block must begin with "
            "layer_norm or rms_norm of [B, N, D]; cam and transcam do not need them"
        )
    return [*((tokens, tokens) for tokens in inputs), recorder.final]


def check_finite(maps: Tensor, images: Tensor) -> None:
    """Raise if images or half precision brought infinity or NaN into maps [B, K, h, w]."""
    if not maps.isfinite().all():
        if not images.isfinite().all():
            raise ValueError("images hold infinity or NaN: give finite pixels")
        raise ValueError(
            "the maps hold infinity or NaN: the model overflowed in half precision or has such "
            "weights; run it in float32 or bfloat16"
        )
