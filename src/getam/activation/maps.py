"""Activation maps of any vision transformer: photos and class indices in, [h, w] maps out."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from getam.activation.methods import METHODS, Block, Method
from getam.activation.record import Attention, AttentionRecorder

HALF_PRECISION_SCALE = 2.0**12  # keeps float16 gradients of a logit from underflowing


def activation_maps(
    model: nn.Module,
    images: Tensor,
    *,
    classes: Sequence[Sequence[int]],
    method: str = "getam",
    blocks: int = 6,
    normalise: bool = False,
) -> list[Tensor]:
    """Activation maps of the asked classes, one forward and one backward per class slot.

    Images do not interact inside a transformer, so one backward pass serves the k-th class of
    every image: passes = largest number of classes asked of one image. The model is not changed:
    mode, parameters, gradients and hooks stay as they were.

    Parameters
    ----------
    model
        A vision transformer with a class token whose attention calls
        ``torch.nn.functional.scaled_dot_product_attention``. ``model(images)`` returns class
        logits [B, C] or an object with the attribute ``class_logits`` or ``logits``. If it has a
        method ``class_logits`` (`getam.Network`), that is called instead: no mask is needed.
    images
        [B, 3, H, W], normalised as the model expects, on the model's device.
    classes
        For each image the class indices wanted, e.g. ``[[3, 7], [14]]``.
    method
        A name in :data:`getam.activation.METHODS`.
    blocks
        First block that counts, 0 for all; the paper's 6 is the second half of a ViT with 12.
    normalise
        Divide every map by its maximum, so that it lies in 0..1.

    Returns
    -------
    list of Tensor
        One float32 tensor [K_b, h, w] per image, in the order asked, without gradient; h x w are
        the patches. Values are >= 0 for every method with a relu; their scale is the model's.

    Raises
    ------
    ValueError
        If a class, the method or the first block does not exist, or if the model's attention
        cannot be observed (unfused attention, no attention, no class token).

    Examples
    --------
    >>> import timm
    >>> model = timm.create_model("vit_tiny_patch16_224", num_classes=20).eval()
    >>> maps = activation_maps(model, torch.randn(2, 3, 224, 224), classes=[[3, 7], [14]])
    >>> [tuple(m.shape) for m in maps]
    [(2, 14, 14), (1, 14, 14)]
    """
    if len(classes) != len(images):
        raise ValueError(
            f"classes must be one list per image: expected {len(images)} lists, got {len(classes)}"
        )
    with torch.inference_mode(False), torch.no_grad(), eval_mode(model):
        images = images.clone() if images.is_inference() else images
        with AttentionRecorder(blocks, graph_from=blocks) as recorder:
            class_logits = logits_of(getattr(model, "class_logits", model)(images))
        maps = class_slot_maps(
            recorder,
            class_logits,
            classes=classes,
            grid=patch_grid(model, images.shape[-2:]),
            method=method,
            blocks=blocks,
        )
    if normalise:
        maps = divide_by_maximum(maps)
    return [image_maps[: len(wanted)] for image_maps, wanted in zip(maps, classes, strict=True)]


def class_slot_maps(
    recorder: AttentionRecorder,
    class_logits: Tensor,
    *,
    classes: Sequence[Sequence[int]],
    grid: tuple[int, int],
    method: str = "getam",
    blocks: int = 6,
    keep_graph: bool = False,
) -> Tensor:
    """Maps from a forward pass that was already recorded; training calls this on its own forward.

    Parameters
    ----------
    recorder
        Has seen the forward pass that made ``class_logits``.
    class_logits
        [B, C], still attached to the graph.
    classes
        K_b class indices per image.
    grid
        (h, w) of the patches.
    method, blocks
        As :func:`activation_maps`.
    keep_graph
        Leave the graph alive for a later backward pass of the loss.

    Returns
    -------
    Tensor
        float32 [B, K, h, w] without gradient, K = largest K_b; slots beyond K_b are zero.

    Raises
    ------
    ValueError
        As :func:`activation_maps`.
    """
    formula = lookup_method(method)
    check_classes(classes, class_logits.shape[1])
    calls = observed(recorder, blocks, tokens=grid[0] * grid[1])
    prefix = calls[0].query.shape[2] - grid[0] * grid[1]
    slots = max((len(wanted) for wanted in classes), default=0)
    rows = []
    for slot in range(slots):
        present = [image for image, wanted in enumerate(classes) if len(wanted) > slot]
        wanted_classes = [classes[image][slot] for image in present]
        with torch.enable_grad():
            score = class_logits[present, wanted_classes].sum()
        last = slot == slots - 1 and not keep_graph
        gradients = score_gradients(score, calls, keep_graph=not last)
        # Autocast would take the products in half precision, where squared gradients underflow.
        with torch.no_grad(), torch.autocast(class_logits.device.type, enabled=False):
            row = formula([Block(c, g) for c, g in zip(calls, gradients, strict=True)])
            absent = torch.ones(len(classes), 1, dtype=torch.bool, device=row.device)
            absent[present] = False
            rows.append(row.masked_fill(absent, 0))
    if not rows:
        return class_logits.new_zeros(len(classes), 0, *grid, dtype=torch.float32)
    return torch.stack(rows, 1)[..., prefix:].unflatten(-1, grid)


def score_gradients(
    score: Tensor, calls: Sequence[Attention], *, keep_graph: bool
) -> tuple[Tensor, ...]:
    """Gradient of a scalar score with respect to each block's attention output, [B, A, N, d].

    Only these gradients are computed: no parameter gradient, nothing below the first block.
    """
    outputs = [call.output for call in calls]
    half = outputs[0].dtype == torch.float16
    scale = HALF_PRECISION_SCALE if half else 1.0
    gradients = torch.autograd.grad(score * scale, outputs, retain_graph=keep_graph)
    return tuple(gradient.float() / scale for gradient in gradients) if half else gradients


def lookup_method(method: str) -> Method:
    """The formula of a method by name, or a ValueError that lists the names there are."""
    if method not in METHODS:
        raise ValueError(f"method must be one of {', '.join(METHODS)}, got {method!r}")
    return METHODS[method]


def check_classes(classes: Sequence[Sequence[int]], num_classes: int) -> None:
    """Raise if a class index is outside 0..num_classes-1."""
    outside = {index for wanted in classes for index in wanted if not 0 <= index < num_classes}
    if outside:
        raise ValueError(
            f"classes must lie in 0..{num_classes - 1} (the model has {num_classes} classes), "
            f"got {sorted(outside)[:5]}"
        )


def observed(recorder: AttentionRecorder, first: int, *, tokens: int) -> list[Attention]:
    """The blocks from ``first`` on, checked: some were seen, and patches plus class token fit."""
    if recorder.seen == 0:
        raise ValueError(
            "the model made no scaled_dot_product_attention call: turn fused attention on "
            "(TIMM_FUSED_ATTN=1, attn_implementation='sdpa') or use a vision transformer"
        )
    if not 0 <= first < recorder.seen:
        raise ValueError(f"blocks must be a first block in 0..{recorder.seen - 1}, got {first}")
    calls = [recorder.calls[index] for index in range(first, recorder.seen)]
    seen = calls[0].query.shape[2]
    if seen <= tokens:
        raise ValueError(
            f"the model has no class token: its attention sees {seen} tokens for {tokens} patches"
        )
    return calls


def divide_by_maximum(maps: Tensor) -> Tensor:
    """Scale each map [..., h, w] so that its maximum is 1, however small it was; 0 stays 0."""
    return maps / maps.amax((-2, -1), keepdim=True).clamp_min(torch.finfo(maps.dtype).tiny)


def patch_grid(model: nn.Module, size: Sequence[int]) -> tuple[int, int]:
    """Patches (h, w) that a timm vision transformer makes of an image of ``size`` (H, W).

    Rounded up: whoever takes a size that is not whole patches (`getam.Network`, timm with
    ``dynamic_img_pad``, a convolutional stem) fills the last one.
    """
    vit: Any = getattr(model, "backbone", model)
    if getattr(vit, "patch_embed", None) is None or getattr(vit, "cls_token", None) is None:
        raise ValueError(
            f"model must be a timm vision transformer with a class token, got {type(vit).__name__}"
        )
    down, right = vit.patch_embed.feat_ratio(as_scalar=False)
    return -(-size[0] // down), -(-size[1] // right)


def logits_of(output: Any) -> Tensor:
    """Class logits [B, C] in whatever a classifier returns."""
    for name in ("class_logits", "logits"):
        output = getattr(output, name, output)
    if not isinstance(output, Tensor) or output.ndim != 2:
        raise ValueError(
            f"the model must return class logits [B, C], got {type(output).__name__}"
            f"{tuple(getattr(output, 'shape', ()))}"
        )
    return output


@contextmanager
def eval_mode(model: nn.Module) -> Iterator[None]:
    """Switch every module to evaluation, and each back to what it was."""
    training = [module for module in model.modules() if module.training]
    model.eval()
    try:
        yield
    finally:
        for module in training:
            module.training = True
