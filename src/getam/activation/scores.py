"""The k-th class of every image gives one score, whose gradients one backward pass computes."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.autograd.graph import get_gradient_edge

HALF_PRECISION_SCALE = 2.0**12  # keeps float16 gradients of a logit from underflowing


def slot_table(classes: Sequence[Sequence[int]]) -> Tensor:
    """Return the label value (class + 1) of every slot, int64 [B, K]; 0 for an empty slot."""
    slots = max((len(wanted) for wanted in classes), default=0)
    values = [
        [*(index + 1 for index in wanted), *[0] * (slots - len(wanted))] for wanted in classes
    ]
    return torch.tensor(values, dtype=torch.int64).view(len(classes), slots)


def of_slots(maps: Tensor, slots: Tensor) -> Tensor:
    """Take the maps of the present classes out of those of all, [B, C, h, w] to [B, K, h, w]."""
    places = (slots - 1).clamp_min(0)[:, :, None, None].expand(-1, -1, *maps.shape[2:])
    return maps.gather(1, places).masked_fill((slots == 0)[:, :, None, None], 0)


def slot_score(class_scores: Tensor, wanted: Tensor) -> Tensor:
    """Add one class score of every image that has a class in a slot.

    Parameters
    ----------
    class_scores
        [B, C].
    wanted
        A column of :func:`slot_table`, [B, 1].
    """
    with torch.enable_grad():
        scores = class_scores.gather(1, (wanted - 1).clamp_min(0))
        return scores.masked_fill(wanted == 0, 0).sum()


def depends_through(scores: Tensor, gate: Tensor, others: Sequence[Tensor]) -> bool:
    """Return whether scores depend on other tensors through one tensor alone, by their graph.

    Parameters
    ----------
    scores
        The tensor that is computed from ``gate``.
    gate
        The tensor through which everything before it must go.
    others
        Tensors before it.
    """
    stop = get_gradient_edge(gate).node
    refused = {get_gradient_edge(tensor).node for tensor in others}
    waiting, seen = [get_gradient_edge(scores).node], {stop}
    while waiting:
        node = waiting.pop()
        if node in refused:
            return False
        if node not in seen:
            seen.add(node)
            waiting += [before for before, _ in node.next_functions if before is not None]
    return True


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
