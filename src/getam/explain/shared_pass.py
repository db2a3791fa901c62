"""Maps by many methods from one forward pass, and one backward pass per class."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import torch
from torch import Tensor, nn

from getam.activation import Recording, lookup_method, recorder_for, spread
from getam.activation.checks import (
    check_class_token,
    check_finite,
    counted_calls,
    observed_grid,
    prefix_tokens,
    recorded_tokens,
)
from getam.activation.maps import score_gradients
from getam.activation.recording import Frame


class Setting(NamedTuple):
    """One way to make maps, see :func:`getam.activation_maps`."""

    method: str
    first_block: int


def shared_maps(
    model: nn.Module,
    image: Tensor,
    *,
    classes: Sequence[int],
    settings: Sequence[Setting],
    affinity: int = 0,
) -> Tensor:
    """Maps of one image by every setting, each what :func:`getam.activation_maps` gives.

    Parameters
    ----------
    model
        Images to class logits, in evaluation mode; no windowed transformer.
    image
        [1, 3, H, W], normalised.
    classes
        The K class indices, at least one.
    settings
        S of them; methods that read windows are not possible.
    affinity
        As :func:`getam.activation_maps`.

    Returns
    -------
    Tensor
        float32 [S, K, h, w].

    Raises
    ------
    ValueError
        As :func:`getam.activation_maps`.
    """
    first = min(setting.first_block for setting in settings)
    methods = [setting.method for setting in settings]
    with torch.no_grad(), recorder_for(*methods, first_block=first, affinity=affinity) as seen:
        class_logits = model(image)
    height, width = observed_grid(seen, model)
    calls = counted_calls(seen, first, ())
    prefix = prefix_tokens(calls, images=1, patches=height * width)
    check_class_token(methods, prefix)
    frame = Frame(calls, prefix, tokens=recorded_tokens(seen, calls, methods=methods))
    rows = []
    for slot, index in enumerate(classes):
        with torch.enable_grad():
            score = class_logits[0, index]
        gradients = score_gradients(score, frame.watched(), keep_graph=slot + 1 < len(classes))
        recording = frame.recording(gradients)
        rows.append(torch.cat([row_of(setting, recording, first=first) for setting in settings]))
    maps = torch.stack(rows, 1)[..., prefix:].unflatten(-1, (height, width))  # [S, K, h, w]
    if affinity:
        together = maps.flatten(0, 1)[None]
        everything = list(seen.calls.values())
        maps = spread(together, everything, passes=affinity)[0].view_as(maps)
    check_finite(maps, image)
    return maps


@torch.no_grad()
def row_of(setting: Setting, recording: Recording, *, first: int) -> Tensor:
    """The map [1, N] of one setting; ``first`` is the first block of the recording."""
    left_out = setting.first_block - first
    part = replace(
        recording, blocks=recording.blocks[left_out:], inputs=recording.inputs[left_out:]
    )
    return lookup_method(setting.method).formula(part)
