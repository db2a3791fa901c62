"""Attention refined by common neighbours spreads a map: the idea of AD-CAM, in a form of our own.

AD-CAM (Huang et al., arXiv 2211.10931) says that two patches whose neighbourhoods differ are hardly
dependent, so their attention should be reduced, and that a patch's activation should then diffuse
to others in proportion to their attention. Its formulas are not public, so this one is ours.
"""

import torch
from torch import Tensor

STAYS = 0.5  # share of a patch's own activation in every step
STEPS = 2


def refine_by_common_neighbours(attention: Tensor) -> Tensor:
    """Reduce the attention of patches that attend to different neighbours.

    With rows a_i that sum to 1, the neighbours that two patches share are sum_k sqrt(a_ik a_jk):
    1 if both attend alike, 0 if to nothing in common (the coefficient of Bhattacharyya). The
    attention is multiplied by it, and its rows are made to sum to 1 again.

    Parameters
    ----------
    attention
        [B, P, P], rows sum to 1.

    Returns
    -------
    Tensor
        [B, P, P], rows sum to 1.
    """
    roots = attention.sqrt()
    kept = attention * (roots @ roots.mT)
    return kept / kept.sum(-1, keepdim=True).clamp_min(torch.finfo(kept.dtype).tiny)


def diffuse(maps: Tensor, attention: Tensor, *, steps: int = STEPS, stays: float = STAYS) -> Tensor:
    """Let the activation of every patch diffuse to the patches that attend to it.

    In every step patch i becomes stays m_i + (1 - stays) sum_j a_ij x_j, where m is the map that
    came in and x that of the step before.

    Parameters
    ----------
    maps
        [B, K, h, w], any scale.
    attention
        [B, h * w, h * w], rows sum to 1.
    steps
        How often; 0 leaves the maps as they are.
    stays
        The share of the map that came in.

    Returns
    -------
    Tensor
        [B, K, h, w], between the least and the greatest value of each map.
    """
    own = maps.flatten(2).mT  # [B, P, K]
    values = own
    for _ in range(steps):
        values = stays * own + (1 - stays) * (attention @ values)
    return values.mT.unflatten(-1, maps.shape[-2:])
