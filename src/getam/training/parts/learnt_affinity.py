"""An affinity of patches is learnt from attention (AFA, Ru et al., CVPR 2022, section 3.3)."""

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from getam.activation import Attention
from getam.network import Network
from getam.pseudo_label.random_walk import within_radius
from getam.training.losses import at_size
from getam.training.parts.label_pairs import label_pairs, pair_loss
from getam.training.parts.part_input import PartInput

LAST_BLOCKS = 2


class AffinityHead(nn.Module):
    """The head weighs the attention of all heads of the last blocks: sigmoid(conv1x1(S + S^T)).

    As released, S are the products of queries and keys before they are scaled and before softmax.

    Parameters
    ----------
    maps
        The number of attention heads of all blocks that are read.
    """

    def __init__(self, maps: int) -> None:
        super().__init__()
        self.projection = nn.Conv2d(maps, 1, 1)
        nn.init.kaiming_normal_(self.projection.weight, a=math.sqrt(5), mode="fan_out")

    def forward(self, scores: Tensor) -> Tensor:
        """Return the affinity [B, P, P] in 0..1, symmetric, from scores [B, maps, P, P]."""
        with torch.autocast(scores.device.type, enabled=False):
            affinity: Tensor = self.projection(scores + scores.mT)[:, 0]
        return torch.sigmoid(affinity)


class LearntAffinity(nn.Module):
    """The affinity of near patches says which of them have the same pseudo label.

    Parameters
    ----------
    heads
        The number of attention heads of a block.
    """

    def __init__(self, heads: int) -> None:
        super().__init__()
        self.head = AffinityHead(LAST_BLOCKS * heads)

    @classmethod
    def of(cls, network: Network) -> "LearntAffinity":
        """Return the part for a network, whose blocks all have as many heads."""
        last: Any = network.backbone.blocks[-1]
        return cls(last.attn.num_heads)

    def forward(self, seen: PartInput) -> Tensor:
        """Ask the affinity of near patches whether their pseudo labels are alike."""
        grid = seen.features.grid
        label = at_size(seen.pseudo.label, grid)
        pairs = label_pairs(label, within_radius(grid, device=label.device))
        return pair_loss(self.affinity(seen.attention, grid), pairs)

    def affinity(self, attention: Mapping[int, Attention], grid: tuple[int, int]) -> Tensor:
        """Return the affinity [B, P, P] of a forward pass, given the attention of its blocks."""
        last = [attention[block] for block in sorted(attention)[-LAST_BLOCKS:]]
        patches = grid[0] * grid[1]
        scores = [call.attached_patch_scores(patches) / call.factor for call in last]
        affinity: Tensor = self.head(torch.cat(scores, 1))
        return affinity


def learnt_affinity(others: Mapping[str, object], *, asked: str) -> LearntAffinity:
    """Return the part "affinity" among others, or raise a ValueError if it is not there.

    ``asked`` says in the message who needs it.
    """
    found = others.get("affinity")
    if not isinstance(found, LearntAffinity):
        raise ValueError(f'{asked} needs the part "affinity": give it a weight (--parts)')
    return found
