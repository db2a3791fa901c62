"""An affinity of patches is learnt from attention (AFA, Ru et al., CVPR 2022, section 3.3)."""

import math

import torch
from torch import Tensor, nn

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
