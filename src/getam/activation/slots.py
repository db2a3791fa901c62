"""One forward pass and few backward passes serve every class of every image and every setting."""

from collections.abc import Sequence
from math import prod

import torch
from torch import Tensor

from getam.activation.affinity import spread
from getam.activation.checks import check_classes
from getam.activation.frame import Frame
from getam.activation.lookup import lookup_method
from getam.activation.pairs import recordings_of_pairs
from getam.activation.recording import Recording
from getam.activation.scores import score_gradients, slot_score, slot_table


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
    table = slot_table(classes)
    make = maps_by_pair if frame.pre_norm else maps_by_slot
    whole = make(frame, table, keep_graph=keep_graph)
    maps = [
        own[..., frame.prefix :].unflatten(-1, frame.grid_of(setting))
        for setting, own in zip(frame.settings, whole, strict=True)
    ]
    return spread_together(frame, maps, times=affinity) if affinity else maps


def maps_by_slot(frame: Frame, table: Tensor, *, keep_graph: bool) -> list[Tensor]:
    """Make the maps [B, K, N] of every setting by automatic differentiation, slot after slot."""
    whole = no_maps(frame, table)
    table = table.to(frame.class_scores.device, non_blocking=True)
    slots = table.shape[1]
    read: slice | None = None
    for slot in range(slots):
        wanted = table[:, slot : slot + 1]
        score = slot_score(frame.class_scores, wanted)
        graph_stays = keep_graph or slot + 1 < slots or bool(frame.stream)
        gradients = score_gradients(score, frame.watched(), keep_graph=graph_stays)
        read = read or frame.rows_read(gradients)  # once: asking a device makes it wait
        made = rows_of_settings(frame, frame.recording(gradients, read))
        for maps, own in zip(whole, made, strict=True):
            maps[:, slot] = own.masked_fill(wanted == 0, 0)
    return whole


def maps_by_pair(frame: Frame, table: Tensor, *, keep_graph: bool) -> list[Tensor]:
    """Make the same maps by the written-out gradient of the usual block."""
    whole = no_maps(frame, table)
    for pairs, recording in recordings_of_pairs(frame, table, keep_graph=keep_graph):
        places = tuple(pairs.to(recording.blocks[0].output_gradient.device, non_blocking=True))
        for maps, own in zip(whole, rows_of_settings(frame, recording), strict=True):
            maps[places] = own
    return whole


def no_maps(frame: Frame, table: Tensor) -> list[Tensor]:
    """Return maps [B, K, N] of zeros for every setting, float32."""
    sizes = [frame.prefix + prod(frame.grid_of(setting)) for setting in frame.settings]
    return [frame.class_scores.new_zeros(*table.shape, n, dtype=torch.float32) for n in sizes]


def rows_of_settings(frame: Frame, recording: Recording) -> list[Tensor]:
    """Apply the formula of every setting to one class score per image, float32 [B, N] each."""
    # Autocast would take the products in half precision, where squared gradients underflow.
    with torch.no_grad(), torch.autocast(frame.class_scores.device.type, enabled=False):
        return [
            lookup_method(setting.method).formula(recording.from_block(frame.skipped(setting)))
            for setting in frame.settings
        ]


@torch.no_grad()
def spread_together(frame: Frame, maps: Sequence[Tensor], *, times: int) -> list[Tensor]:
    """Spread the maps [B, K, h, w] of all settings at once, since they share one affinity."""
    together = spread(torch.cat(list(maps), 1), frame.all_calls, times=times)
    return list(together.unflatten(1, (len(maps), maps[0].shape[1])).unbind(1))
