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
