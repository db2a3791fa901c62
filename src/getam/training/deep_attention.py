"""Shallow attention teaches deep attention (AReAM, He et al., arXiv 2305.03112).

Deep blocks smooth too much: their patches attend to everything. AReAM spreads maps by the attention
of the shallow blocks, makes labels of them, and asks the attention among the patches of every deep
block to be strong where the labels are alike and weak where they are not. The formulas follow the
released code.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from getam.training.label_pairs import pair_loss


def deep_attention_loss(
    scores: Sequence[Tensor], pairs: Tensor, weights: Tensor | None = None
) -> Tensor:
    """Return the weighted mean over the deep blocks of how badly their attention fits the pairs.

    Parameters
    ----------
    scores
        Of every deep block, the scores among the patches before softmax, [B, A, P, P]. The sigmoid
        of their mean over the heads is the affinity of :func:`pair_loss`.
    pairs
        [B, P, P], as :func:`label_pairs` returns.
    weights
        One weight per deep block, see :func:`entropy_weights`; None weighs all by 1.
    """
    losses = torch.stack([pair_loss(own.mean(1).sigmoid(), pairs) for own in scores])
    return (losses if weights is None else losses * weights).mean()


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
    with torch.no_grad():
        values = maps.flatten(2).mT  # [B, P, K]
        smeared = torch.stack([(own @ values).sum(-1) for own in attention])  # [blocks, B, P]
        bits = smeared.log_softmax(-1) / torch.log(smeared.new_tensor(2))
        entropy = -(smeared.softmax(-1) * bits).sum(-1).mean(1)
        lifted = entropy - entropy.min()
        return lifted / lifted.max().clamp_min(torch.finfo(lifted.dtype).tiny)
