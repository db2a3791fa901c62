"""An affinity of patches is learnt from attention (AFA, Ru et al., CVPR 2022, section 3.3)."""

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from getam.activation import Attention
from getam.network import Network
from getam.pseudo_label.random_walk import within_radius
from getam.training.label_pairs import label_pairs, pair_loss
from getam.training.losses import at_size

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
        affinity: Tensor = self.projection(scores + scores.mT)[:, 0]
        return torch.sigmoid(affinity)

    @classmethod
    def of(cls, network: Network) -> "AffinityHead":
        """Return a head for the backbone of a network, whose blocks all have as many heads."""
        last: Any = network.backbone.blocks[-1]
        return cls(LAST_BLOCKS * last.attn.num_heads)

    def affinity(self, attention: Mapping[int, Attention], grid: tuple[int, int]) -> Tensor:
        """Return the affinity [B, P, P] of a forward pass, given the attention of its blocks."""
        last = [attention[block] for block in sorted(attention)[-LAST_BLOCKS:]]
        patches = grid[0] * grid[1]
        scores = [call.attached_patch_scores(patches) / call.factor for call in last]
        affinity: Tensor = self(torch.cat(scores, 1))
        return affinity

    def loss(
        self, attention: Mapping[int, Attention], label: Tensor, grid: tuple[int, int]
    ) -> Tensor:
        """Ask the affinity of near patches whether a label image [B, H, W] makes them alike."""
        near = within_radius(grid, device=label.device)
        pairs = label_pairs(at_size(label, grid), near)
        return pair_loss(self.affinity(attention, grid), pairs)
