"""Shallow attention spreads maps, as AReAM does (He et al., arXiv 2305.03112).

The attention of deep blocks smooths too much. The formulas follow the released code.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor


def spread_by_blocks(
    maps: Tensor, attention: Sequence[Tensor], weights: Tensor | None = None
) -> Tensor:
    """Spread maps by the weighted mean attention of some blocks.

    Parameters
    ----------
    maps
        [B, K, h, w], any scale.
    attention
        Of every block, the attention among the patches after softmax, averaged over the heads,
        [B, h * w, h * w].
    weights
        One per block, such as 1 - :func:`entropy_weights`; None weighs all by 1.

    Returns
    -------
    Tensor
        [B, K, h, w].
    """
    blocks = torch.stack(list(attention))
    if weights is not None:
        blocks = blocks * weights.view(-1, 1, 1, 1)
    return (maps.flatten(2) @ blocks.mean(0).mT).unflatten(-1, maps.shape[-2:])


def entropy_weights(maps: Tensor, attention: Sequence[Tensor]) -> Tensor:
    """Weigh blocks by how far their attention smears the maps: 0 the least, 1 the most.

    The maps of a photo, spread by the attention of a block and summed over the classes, become a
    distribution by a softmax over the patches. Its entropy in bits, averaged over the photos, is
    brought to 0..1 over the blocks. The released code takes it from a network that was trained
    before, averaged over all photos, and keeps it.

    Parameters
    ----------
    maps
        [B, K, h, w]; those of absent classes are 0.
    attention
        Of every block, shallow and deep, the attention among the patches after softmax, averaged
        over the heads, [B, h * w, h * w].

    Returns
    -------
    Tensor
        [blocks] in 0..1, without gradient.
    """
    with torch.no_grad(), torch.autocast(maps.device.type, enabled=False):
        values = maps.flatten(2).mT  # [B, P, K]
        smeared = torch.stack([(own @ values).sum(-1) for own in attention])  # [blocks, B, P]
        bits = smeared.log_softmax(-1) / math.log(2)
        entropy = -(smeared.softmax(-1) * bits).sum(-1).mean(1)
        lifted = entropy - entropy.min()
        return lifted / lifted.max().clamp_min(torch.finfo(lifted.dtype).tiny)
