"""Run a model once, observed, and return the frame that all its maps are made from."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from getam.activation.checks import (
    check_affinity,
    check_attention,
    check_count,
    check_model,
    check_scores,
)
from getam.activation.frame import Frame, first_block_of
from getam.activation.lookup import lookup_method
from getam.activation.methods import READ_TOKENS
from getam.activation.pre_norm_trace import PreNormTrace
from getam.activation.recorder import AttentionRecorder
from getam.activation.setting import Setting
from getam.activation.windows import read_windows

Score = Callable[[Any], Tensor]


def run_forward(
    model: nn.Module,
    images: Tensor,
    *,
    settings: Sequence[Setting],
    affinity: int = 0,
    score: Score | None = None,
) -> Frame:
    """Run one forward pass, which keeps what the settings read and no more.

    The model must be in evaluation mode, see :func:`evaluating`.

    Parameters
    ----------
    model, images, affinity, score
        As :func:`getam.activation_maps`.
    settings
        At least one.

    Raises
    ------
    ValueError
        As :func:`getam.activation_maps`.
    """
    with torch.no_grad(), recorder_for(settings, affinity=affinity) as recorder:
        output = model(images)
    check_attention(recorder.seen, model)
    if recorder.grid is None:
        raise ValueError(
            "the patches cannot be counted: the model makes them without a convolution"
        )
    windows = read_windows(model, recorder.grid)
    for setting in settings:
        check_model(model, setting.method, windowed=bool(windows))
    with torch.enable_grad():
        class_scores = (score or logits_of)(output)
    check_scores(class_scores, len(images))
    return Frame.of(recorder, class_scores, settings=settings, grid=recorder.grid, windows=windows)


def recorder_for(settings: Sequence[Setting], *, affinity: int = 0) -> AttentionRecorder:
    """Return the context for a forward pass that keeps what the settings read, and no more.

    Under ``no_grad`` the graph begins at the first block that counts.

    Raises
    ------
    ValueError
        If a method does not exist or cannot be refined by patch affinity.
    """
    for setting in settings:
        check_count("first_block", setting.first_block)
        check_affinity(affinity, setting.method)
    reads = {lookup_method(setting.method).reads for setting in settings}
    first = first_block_of(settings)
    return AttentionRecorder(
        0 if affinity else first,
        graph_from=first,
        tokens=bool(reads & set(READ_TOKENS)),
        stream="stream" in reads,
        trace=PreNormTrace() if reads == {"class_token"} else None,
    )


def logits_of(output: Any) -> Tensor:
    """Return the class logits [B, C] in whatever a classifier returns."""
    for name in ("class_logits", "logits"):
        output = getattr(output, name, output)
    if not isinstance(output, Tensor) or output.ndim != 2:
        raise ValueError(
            f"the model must return class logits [B, C], got {type(output).__name__}"
            f"{tuple(getattr(output, 'shape', ()))}"
        )
    return output


@contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """Put a model in evaluation mode without compiled code; every module gets its mode back.

    A compiled forward pass makes no call that could be recorded.
    """
    training = [module for module in model.modules() if module.training]
    if training:
        model.eval()
    try:
        with torch.compiler.set_stance("force_eager"):
            yield
    finally:
        for module in training:
            module.training = True
