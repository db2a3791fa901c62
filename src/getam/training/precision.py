"""This module finds the number format that is fast here, by asking or by a short probe."""

import time
from collections.abc import Callable
from typing import Literal

import torch
from torch import nn

Format = Literal["32-true", "bf16-mixed", "16-mixed"]

TOKENS, PHOTOS, REPEATS = 197, 4, 5
GAIN = 0.5  # bfloat16 must take less than this share of float32's time to be worth its rounding


def fast_precision(block: nn.Module, device: torch.device, *, width: int) -> Format:
    """Return the number format to train in, in the words of Lightning Fabric.

    A processor with AVX2 alone computes bfloat16 18 times slower than float32, so it is not tried
    there. One with AVX-512 may be slower or, with matrix units for it (AMX), several times faster.
    What it says of itself does not tell which, so a block runs forward and backward in both. A gain
    of less than half of the time is not taken: it would depend on what else the processor does, and
    so would the scores of a run.

    Parameters
    ----------
    block
        A transformer block of the network, [B, N, width] to the same.
    device
        The device that the block lies on.
    width
        Channels of a token.
    """
    if device.type == "cuda":
        return "bf16-mixed" if torch.cuda.is_bf16_supported() else "16-mixed"
    if device.type != "cpu" or torch.backends.cpu.get_cpu_capability() == "AVX2":
        return "32-true"
    tokens = torch.ones(PHOTOS, TOKENS, width)
    single, half = seconds(
        lambda: run(block, tokens, half=False), lambda: run(block, tokens, half=True)
    )
    return "bf16-mixed" if half < GAIN * single else "32-true"


def run(block: nn.Module, tokens: torch.Tensor, *, half: bool) -> None:
    """Run a block forward and backward; its parameters get no gradient."""
    given = tokens.clone().requires_grad_()
    with torch.autocast("cpu", torch.bfloat16, enabled=half):
        output = block(given)
    torch.autograd.grad(output.float().sum(), given)


def seconds(*works: Callable[[], None]) -> list[float]:
    """Return the least time of each work over a few repeats, after one that does not count.

    The works take turns, so that other programs disturb all of them alike.
    """
    times: list[list[float]] = [[] for _ in works]
    with torch.random.fork_rng(devices=[]):
        for _ in range(1 + REPEATS):
            for work, own in zip(works, times, strict=True):
                began = time.perf_counter()
                work()
                own.append(time.perf_counter() - began)
    return [min(own[1:]) for own in times]
