"""Every way to spread maps over the patches that attend to each other has its name here.

Each takes maps [B, K, h, w] in 0..1 and the recorded attention of all blocks, and returns maps of
the same shape in 0..1. A new one is one function, and one line in ``SPREADS``.
"""

from collections.abc import Callable, Sequence

from torch import Tensor

from getam.activation import (
    Attention,
    divide_by_maximum,
    patch_affinity,
    patch_attention,
    unit_range,
)
from getam.pseudo_label.common_neighbours import diffuse, refine_by_common_neighbours
from getam.pseudo_label.shallow_attention import entropy_weights, spread_by_blocks

Spread = Callable[[Tensor, Sequence[Attention]], Tensor]

DEEP_FROM = 7 / 12
"""Share of the blocks that are shallow, as AReAM has it in a ViT of 12 blocks."""


def first_deep(blocks: int) -> int:
    """Return the index of the first deep block among so many.

    Examples
    --------
    >>> first_deep(12), first_deep(6)
    (7, 4)
    """
    return round(blocks * DEEP_FROM)


def shallow(maps: Tensor, calls: Sequence[Attention]) -> Tensor:
    """Spread maps by the mean attention of the shallow blocks (AReAM)."""
    attention = by_block(calls[: first_deep(len(calls))], maps)
    return unit_range(spread_by_blocks(maps, attention))


def shallow_by_entropy(maps: Tensor, calls: Sequence[Attention]) -> Tensor:
    """Spread maps by the shallow blocks, of which those that smear less count more (AReAM)."""
    attention = by_block(calls, maps)
    count = first_deep(len(calls))
    weights = 1 - entropy_weights(maps, attention)[:count]
    return unit_range(spread_by_blocks(maps, attention[:count], weights))


def common_neighbours(maps: Tensor, calls: Sequence[Attention]) -> Tensor:
    """Diffuse maps along attention that common neighbours refined, of all blocks (after AD-CAM)."""
    attention = patch_affinity(calls, patches=maps.shape[-2] * maps.shape[-1])
    return divide_by_maximum(diffuse(maps, refine_by_common_neighbours(attention)))


def by_block(calls: Sequence[Attention], maps: Tensor) -> list[Tensor]:
    """Return the attention among the patches of every block, [B, P, P] each."""
    patches = maps.shape[-2] * maps.shape[-1]
    return [patch_attention([call], patches=patches) for call in calls]


SPREADS: dict[str, Spread] = {
    "shallow": shallow,
    "shallow_by_entropy": shallow_by_entropy,
    "common_neighbours": common_neighbours,
}
"""Every spread by its name."""
