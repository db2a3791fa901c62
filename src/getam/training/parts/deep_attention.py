"""Shallow attention teaches deep attention (AReAM, He et al., arXiv 2305.03112).

Deep blocks smooth too much: their patches attend to everything. AReAM spreads maps by the attention
of the shallow blocks, makes labels of them, and asks the attention among the patches of every deep
block to be strong where the labels are alike and weak where they are not. The formulas follow the
released code.
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from getam.activation import Attention
from getam.pseudo_label.shallow_attention import entropy_weights
from getam.pseudo_label.spreads import by_block, first_deep
from getam.training.losses import at_size
from getam.training.parts.label_pairs import label_pairs, pair_loss
from getam.training.parts.part_input import PartInput


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
        One weight per deep block, see :func:`deep_weights`; None weighs all by 1.
    """
    losses = torch.stack([pair_loss(own.mean(1).sigmoid(), pairs) for own in scores])
    return (losses if weights is None else losses * weights).mean()


def deep_scores(attention: Mapping[int, Attention], patches: int) -> list[Tensor]:
    """Return the scores among so many patches of every deep block, [B, A, P, P] each."""
    deep = sorted(attention)[first_deep(len(attention)) :]
    return [attention[block].attached_patch_scores(patches) for block in deep]


def deep_weights(attention: Mapping[int, Attention], maps: Tensor) -> Tensor:
    """Weigh the deep blocks as :func:`entropy_weights` does, by how far they smear maps."""
    calls = [attention[block] for block in sorted(attention)]
    return entropy_weights(maps, by_block(calls, maps))[first_deep(len(calls)) :]


def deep_attention(seen: PartInput) -> Tensor:
    """Ask the deep blocks, all alike, what the pseudo labels say of pairs of patches.

    AReAM gives it the weight 0.1.
    """
    grid = seen.features.grid
    pairs = label_pairs(at_size(seen.pseudo.label, grid))
    return deep_attention_loss(deep_scores(seen.attention, grid[0] * grid[1]), pairs)


def deep_attention_by_entropy(seen: PartInput) -> Tensor:
    """Ask the same, and most of the deep blocks that smear the maps most."""
    grid = seen.features.grid
    pairs = label_pairs(at_size(seen.pseudo.label, grid))
    weights = deep_weights(seen.attention, seen.pseudo.activation_maps)
    return deep_attention_loss(deep_scores(seen.attention, grid[0] * grid[1]), pairs, weights)
