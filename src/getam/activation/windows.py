"""The maps of windowed attention (Swin, Liu et al. 2021) are put back in place and merged."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from getam.activation.scaling import unit_range


@dataclass(frozen=True)
class Windows:
    """This is how one attention block cuts its tokens into windows."""

    grid: tuple[int, int]  # tokens along height and width
    size: tuple[int, int]
    shift: tuple[int, int]


def read_windows(model: nn.Module, grid: tuple[int, int]) -> list[Windows]:
    """List the windows of every block of a timm Swin in order; none if attention is not windowed.

    Parameters
    ----------
    model
        Any model; the blocks of a windowed one have ``window_size``, ``shift_size`` and ``dim``.
    grid
        Patches (h, w) that enter the first stage; each further stage halves them, rounded up.
    """
    marks = ("window_size", "shift_size", "dim")
    blocks: list[Any] = [m for m in model.modules() if all(hasattr(m, mark) for mark in marks)]
    layout = []
    for halved, (_, stage) in enumerate(groupby(blocks, key=lambda block: block.dim)):
        height, width = (-(-side // 2**halved) for side in grid)
        layout += [Windows((height, width), b.window_size, b.shift_size) for b in stage]
    return layout


def blocks_before_last_stage(windows: Sequence[Windows]) -> int:
    """Count the blocks that come before those of the last stage's size."""
    return sum(own.grid != windows[-1].grid for own in windows)


def undo_windows(values: Tensor, windows: Windows) -> Tensor:
    """Put one value per token of a window, [B * windows, n], in its place in [B, h, w].

    Shifts are undone. Tokens that fill up the last windows, at the bottom and at the right, are cut
    off.
    """
    (height, width), (down, right) = windows.grid, windows.size
    rows, columns = -(-height // down), -(-width // right)
    tiles = values.view(-1, rows, columns, down, right).transpose(2, 3)
    whole = tiles.reshape(-1, rows * down, columns * right)[:, :height, :width]
    return whole.roll(windows.shift, (1, 2))


def pair_products(maps: Sequence[Tensor]) -> list[Tensor]:
    """Multiply maps 0 and 1, 2 and 3, ...: the windows of each pair's second map are shifted."""
    return [plain * shifted for plain, shifted in zip(maps[::2], maps[1::2], strict=True)]


def stage_means(maps: Sequence[Tensor]) -> list[Tensor]:
    """Return the mean over the pairs of each stage, from the maps [B, h, w] of all blocks."""
    stages = groupby(pair_products(maps), key=lambda own: own.shape[1:])
    return [torch.stack(list(stage)).mean(0) for _, stage in stages]


def merge_stages(
    means: Sequence[Tensor],
    *,
    size: tuple[int, int] | None = None,
    scale: Callable[[Tensor], Tensor] = unit_range,
) -> Tensor:
    """Multiply the scaled maps [B, h, w] of all stages, brought to one size.

    Parameters
    ----------
    means
        The means that :func:`stage_means` returns.
    size
        The height and width of the result; None for those of the first stage.
    scale
        What scales each stage's map to 0..1 first.
    """
    size = size or (means[0].shape[1], means[0].shape[2])
    large = [interpolate(scale(mean)[:, None], size, mode="bilinear")[:, 0] for mean in means]
    return torch.stack(large).prod(0)
