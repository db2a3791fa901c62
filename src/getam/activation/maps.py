"""Activation maps of any vision transformer: photos and class indices in, [h, w] maps out."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from getam.activation.affinity import spread
from getam.activation.checks import (
    check_class_token,
    check_classes,
    check_count,
    check_finite,
    check_images,
    check_model,
    check_scores,
    class_lists,
    counted_calls,
    observed_grid,
    prefix_tokens,
    recorded_tokens,
)
from getam.activation.lookup import lookup_method
from getam.activation.methods import READ_TOKENS
from getam.activation.record import AttentionRecorder
from getam.activation.recording import Frame
from getam.activation.windows import Windows, read_windows

HALF_PRECISION_SCALE = 2.0**12  # keeps float16 gradients of a logit from underflowing


def activation_maps(
    model: nn.Module,
    images: Tensor,
    *,
    classes: Sequence[Sequence[int]],
    method: str = "getam",
    first_block: int = 6,
    normalise: bool = False,
    affinity: int = 0,
    score: Callable[[Any], Tensor] | None = None,
) -> list[Tensor]:
    """Activation maps of the asked classes, one forward and one backward per class slot.

    Images do not interact inside a transformer, so one backward pass serves the k-th class of
    every image: passes = largest number of classes asked of one image. The model is not changed:
    mode, parameters, gradients and hooks stay as they were.

    Parameters
    ----------
    model
        A vision transformer whose attention calls
        ``torch.nn.functional.scaled_dot_product_attention``, from timm, Hugging Face transformers
        (``attn_implementation="sdpa"``), open_clip or torchvision. ``model(images)`` returns class
        logits [B, C] or an object with the attribute ``class_logits`` or ``logits``. timm's Swin
        calls it after ``timm.layers.set_fused_attn(True, experimental=True)``.
    images
        [B, 3, H, W], normalised as the model expects, on the model's device. Photos of several
        sizes go in one by one: padding them to one would show in the maps.
    classes
        For each image the class indices wanted, e.g. ``[[3, 7], [14]]``.
    method
        A name in :data:`getam.activation.METHODS`, or of an entry point ``getam.methods``. Most
        need a class token; cam, layer_cam and transcam do not; hgi is for Swin.
    first_block
        First block that counts, 0 for all; the paper's 6 is the second half of a ViT with 12.
    normalise
        Divide every map by its maximum, so that it lies in 0..1.
    affinity
        Passes of :func:`getam.activation.spread` over the maps, by the attention of all blocks;
        not for windowed attention.
    score
        Turns what ``model(images)`` returns into class scores [B, C], differentiably; default
        :func:`getam.activation.logits_of`. Any target is such a function: see the second example.
        Tensors it holds must not come from ``torch.inference_mode``, ``no_grad`` is fine.

    Returns
    -------
    list of Tensor
        One float32 tensor [K_b, h, w] per image, in the order asked, without gradient; h x w are
        the patches. Values are >= 0 for every method with a relu; their scale is the model's.

    Raises
    ------
    ValueError
        If a class, the method or the first block does not exist, if the images are no tensor
        [B, 3, H, W], if the model does not fit the method or its attention cannot be observed
        (unfused attention, no attention, no class token), or if half precision overflowed.

    Examples
    --------
    >>> import timm
    >>> model = timm.create_model("vit_tiny_patch16_224", num_classes=20).eval()
    >>> maps = activation_maps(model, torch.randn(2, 3, 224, 224), classes=[[3, 7], [14]])
    >>> [tuple(m.shape) for m in maps]
    [(2, 14, 14), (1, 14, 14)]

    Texts instead of classes, for an image tower of CLIP and text features [C, D] of unit length:

    >>> def likeness(image_features):
    ...     return torch.nn.functional.normalize(image_features, dim=-1) @ text_features.T
    >>> tower = timm.create_model("vit_tiny_patch16_224", num_classes=64).eval()
    >>> text_features = torch.nn.functional.normalize(torch.randn(2, 64), dim=-1)
    >>> photos = torch.randn(1, 3, 224, 224)
    >>> (maps,) = activation_maps(tower, photos, classes=[[0, 1]], score=likeness)
    >>> tuple(maps.shape)
    (2, 14, 14)
    """
    classes = class_lists(classes)
    check_images(images, classes)
    with as_it_is(model), torch.inference_mode(False), torch.no_grad():
        images = images.clone() if images.is_inference() else images
        with recorder_for(method, first_block=first_block, affinity=affinity) as recorder:
            output = model(images)
        grid = observed_grid(recorder, model)
        windows = read_windows(model, grid)
        check_model(model, method, windowed=bool(windows))
        with torch.enable_grad():
            class_scores = (score or logits_of)(output)
        check_scores(class_scores, len(images))
        maps = class_slot_maps(
            recorder,
            class_scores,
            classes=classes,
            grid=grid,
            method=method,
            first_block=first_block,
            windows=windows,
        )
        if affinity:
            maps = spread(maps, list(recorder.calls.values()), passes=affinity)
    check_finite(maps, images)
    if normalise:
        maps = divide_by_maximum(maps)
    return [image_maps[: len(wanted)] for image_maps, wanted in zip(maps, classes, strict=True)]


def recorder_for(*methods: str, first_block: int, affinity: int = 0) -> AttentionRecorder:
    """The context for a forward pass that keeps what the methods read, and no more.

    Raises
    ------
    ValueError
        If a method does not exist or cannot be refined by patch affinity.
    """
    reads = {lookup_method(method).reads for method in methods}
    check_count("first_block", first_block)
    if affinity < 0:
        raise ValueError(f"affinity must be 0 or more, got {affinity}")
    if affinity and "windows" in reads:
        raise ValueError(
            f"affinity must be 0 for method {' and '.join(map(repr, methods))}: windowed attention "
            f"has no affinity of all patches, got {affinity}"
        )
    first = 0 if affinity else first_block
    return AttentionRecorder(first, graph_from=first_block, tokens=bool(reads & set(READ_TOKENS)))


def class_slot_maps(
    recorder: AttentionRecorder,
    class_logits: Tensor,
    *,
    classes: Sequence[Sequence[int]],
    grid: tuple[int, int],
    method: str = "getam",
    first_block: int = 6,
    keep_graph: bool = False,
    windows: Sequence[Windows] = (),
) -> Tensor:
    """Maps from a forward pass that was already recorded; training calls this on its own forward.

    Parameters
    ----------
    recorder
        Has seen the forward pass that made ``class_logits``; of :func:`recorder_for`.
    class_logits
        [B, C], still attached to the graph.
    classes
        K_b class indices per image.
    grid
        (h, w) of the patches.
    method, first_block
        As :func:`activation_maps`.
    keep_graph
        Leave the graph alive for a later backward pass of the loss.
    windows
        How each block cuts its tokens, if it does.

    Returns
    -------
    Tensor
        float32 [B, K, h, w] without gradient, K = largest K_b; slots beyond K_b are zero.

    Raises
    ------
    ValueError
        As :func:`activation_maps`.
    """
    entry = lookup_method(method)
    check_classes(classes, class_logits.shape[1])
    calls = counted_calls(recorder, first_block, windows)
    if windows:
        grid, prefix = windows[first_block].grid, 0
    else:
        prefix = prefix_tokens(calls, images=len(classes), patches=grid[0] * grid[1])
        check_class_token([method], prefix)
    tokens = recorded_tokens(recorder, calls, methods=[method])
    frame = Frame(calls, prefix, windows[first_block : first_block + len(calls)], tokens)
    slots = max((len(wanted) for wanted in classes), default=0)
    rows = []
    for slot in range(slots):
        present = [image for image, wanted in enumerate(classes) if len(wanted) > slot]
        wanted_classes = [classes[image][slot] for image in present]
        with torch.enable_grad():
            score = class_logits[present, wanted_classes].sum()
        last = slot == slots - 1 and not keep_graph
        gradients = score_gradients(score, frame.watched(), keep_graph=not last)
        # Autocast would take the products in half precision, where squared gradients underflow.
        with torch.no_grad(), torch.autocast(class_logits.device.type, enabled=False):
            row = entry.formula(frame.recording(gradients))
            absent = torch.ones(len(classes), 1, dtype=torch.bool, device=row.device)
            absent[present] = False
            rows.append(row.masked_fill(absent, 0))
    if not rows:
        return class_logits.new_zeros(len(classes), 0, *grid, dtype=torch.float32)
    return torch.stack(rows, 1)[..., prefix:].unflatten(-1, grid)


def score_gradients(
    score: Tensor, tensors: Sequence[Tensor], *, keep_graph: bool
) -> tuple[Tensor, ...]:
    """Gradient of a scalar score with respect to each tensor, of the tensor's shape.

    Only these gradients are computed: no parameter gradient, nothing below the first block.
    """
    if not score.requires_grad:
        raise ValueError("score must be differentiable with respect to what the model returned")
    half = tensors[0].dtype == torch.float16
    scale = HALF_PRECISION_SCALE if half else 1.0
    gradients = torch.autograd.grad(
        score * scale, tensors, retain_graph=keep_graph, allow_unused=True
    )
    if any(gradient is None for gradient in gradients):
        raise ValueError("the score does not depend on every recorded block and its final tokens")
    return tuple(gradient.float() / scale for gradient in gradients) if half else gradients


def divide_by_maximum(maps: Tensor) -> Tensor:
    """Scale each map [..., h, w] so that its maximum is 1, however small it was; 0 stays 0."""
    return maps / maps.amax((-2, -1), keepdim=True).clamp_min(torch.finfo(maps.dtype).tiny)


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
def as_it_is(model: nn.Module) -> Iterator[None]:
    """Evaluation mode without compiled code; every module gets its mode back.

    A compiled forward pass makes no call that could be recorded.
    """
    training = [module for module in model.modules() if module.training]
    model.eval()
    try:
        with torch.compiler.set_stance("force_eager"):
            yield
    finally:
        for module in training:
            module.training = True
