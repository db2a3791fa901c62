"""The k-th class of every image gives one score, whose gradients one backward pass computes."""

from collections.abc import Sequence

import torch
from torch import Tensor

HALF_PRECISION_SCALE = 2.0**12  # keeps float16 gradients of a logit from underflowing


def slots_of(classes: Sequence[Sequence[int]]) -> int:
    """Return K, the largest number of classes of an image."""
    return max((len(wanted) for wanted in classes), default=0)


def having(classes: Sequence[Sequence[int]], slot: int) -> list[int]:
    """Return the images that have a class in a slot."""
    return [image for image, wanted in enumerate(classes) if len(wanted) > slot]


def slot_score(class_scores: Tensor, classes: Sequence[Sequence[int]], slot: int) -> Tensor:
    """Add the class scores [B, C] of a slot, one of every image that has a class there."""
    images = having(classes, slot)
    with torch.enable_grad():
        return class_scores[images, [classes[image][slot] for image in images]].sum()


def score_gradients(
    score: Tensor, tensors: Sequence[Tensor], *, keep_graph: bool
) -> tuple[Tensor, ...]:
    """Compute the gradient of a scalar score with respect to each tensor, of the tensor's shape.

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
