"""One backward pass per class slot serves the k-th class of every image, for every setting."""

from collections.abc import Sequence

import torch
from torch import Tensor

from getam.activation.affinity import spread
from getam.activation.checks import check_classes
from getam.activation.frame import Frame
from getam.activation.lookup import lookup_method
from getam.activation.recording import Recording

HALF_PRECISION_SCALE = 2.0**12  # keeps float16 gradients of a logit from underflowing


def class_slot_maps(
    frame: Frame,
    classes: Sequence[Sequence[int]],
    *,
    affinity: int = 0,
    keep_graph: bool = False,
) -> list[Tensor]:
    """Make the maps of every setting from a forward pass that was already recorded.

    Parameters
    ----------
    frame
        The recorded forward pass; training makes maps of the same pass as the loss.
    classes
        K_b class indices per image.
    affinity
        How often :func:`getam.activation.spread` spreads the maps.
    keep_graph
        Whether the graph stays alive for a later backward pass of the loss.

    Returns
    -------
    list of Tensor
        One float32 tensor [B, K, h, w] per setting, without gradient. K is the largest K_b; slots
        beyond K_b are zero.

    Raises
    ------
    ValueError
        As :func:`getam.activation_maps`.
    """
    check_classes(classes, frame.class_scores.shape[1])
    table = slot_table(classes).to(frame.class_scores.device, non_blocking=True)
    slots = table.shape[1]
    rows: list[list[Tensor]] = []  # by slot, then by setting: [B, N]
    read: slice | None = None
    for slot in range(slots):
        wanted = table[:, slot : slot + 1]  # [B, 1]
        absent = wanted == 0
        with torch.enable_grad():
            scores = frame.class_scores.gather(1, (wanted - 1).clamp_min(0))
            score = scores.masked_fill(absent, 0).sum()
        graph_stays = keep_graph or slot + 1 < slots
        gradients = score_gradients(score, frame.watched(), keep_graph=graph_stays)
        read = read or frame.rows_read(gradients)  # once: asking a device makes it wait
        own = rows_of_settings(frame, frame.recording(gradients, read))
        rows.append([row.masked_fill(absent, 0) for row in own])
    maps = in_place(frame, rows)
    return spread_together(frame, maps, times=affinity) if affinity else maps


def slot_table(classes: Sequence[Sequence[int]]) -> Tensor:
    """Return the label value (class + 1) of every slot, int64 [B, K]; 0 for an empty slot."""
    slots = max((len(wanted) for wanted in classes), default=0)
    values = [
        [*(index + 1 for index in wanted), *[0] * (slots - len(wanted))] for wanted in classes
    ]
    return torch.tensor(values, dtype=torch.int64).view(len(classes), slots)


def rows_of_settings(frame: Frame, recording: Recording) -> list[Tensor]:
    """Apply the formula of every setting to one class score per image, float32 [B, N] each."""
    # Autocast would take the products in half precision, where squared gradients underflow.
    with torch.no_grad(), torch.autocast(frame.class_scores.device.type, enabled=False):
        return [
            lookup_method(setting.method).formula(recording.without(frame.skipped(setting)))
            for setting in frame.settings
        ]


def in_place(frame: Frame, rows: Sequence[Sequence[Tensor]]) -> list[Tensor]:
    """Put the rows of every setting, one per slot, in their places: [B, K, h, w]."""
    if not rows:
        images, scores = len(frame.class_scores), frame.class_scores
        shapes = [(images, 0, *frame.grid_of(setting)) for setting in frame.settings]
        return [scores.new_zeros(shape, dtype=torch.float32) for shape in shapes]
    return [
        torch.stack(own, 1)[..., frame.prefix :].unflatten(-1, frame.grid_of(setting))
        for setting, own in zip(frame.settings, zip(*rows, strict=True), strict=True)
    ]


@torch.no_grad()
def spread_together(frame: Frame, maps: Sequence[Tensor], *, times: int) -> list[Tensor]:
    """Spread the maps [B, K, h, w] of all settings at once, since they share one affinity."""
    together = spread(torch.cat(list(maps), 1), frame.all_calls, times=times)
    return list(together.unflatten(1, (len(maps), maps[0].shape[1])).unbind(1))


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
