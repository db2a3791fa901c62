"""SaCo says whether pixels that a map calls stronger do matter more (Wu et al., CVPR 2024).

The paper is "On the Faithfulness of Vision Transformer Explanations" (arXiv 2404.01415), and SaCo
its salience-guided faithfulness coefficient.
"""

import torch
from torch import Tensor

from getam.evaluation.insertion_deletion import Probability

GROUPS = 10
"""The number of groups of pixels, as in the paper."""


def saco(
    probability: Probability, image: Tensor, strength: Tensor, *, groups: int = GROUPS
) -> float:
    """Compare the order of groups of pixels with what their loss does to the class.

    The pixels are cut into groups of equal size, the strongest first. Each group alone is replaced
    by the mean colour of the image, and the fall of the probability is its effect. Every pair of
    groups counts with the difference of their mean strengths: for the map if the stronger group
    has at least the effect of the weaker one, and against it otherwise.

    Parameters
    ----------
    probability
        The function that gives the probability of the class of the map.
    image
        [3, H, W], normalised.
    strength
        [H, W], the map.
    groups
        The number of groups.

    Returns
    -------
    float
        The sum over the pairs relative to its greatest value, in -1..1. It is 0 for a flat map.

    Raises
    ------
    ValueError
        If the map has another size than the image, or if there are fewer than two groups.
    """
    if strength.shape != image.shape[-2:] or groups < 2:
        raise ValueError(
            f"strength must be [H, W] = {tuple(image.shape[-2:])} and groups 2 or more, "
            f"got {tuple(strength.shape)} and {groups}"
        )
    order = strength.flatten().argsort(descending=True, stable=True)
    group = order.argsort().view_as(strength) * groups // strength.numel()  # [H, W], 0 strongest
    own = group == torch.arange(groups, device=group.device)[:, None, None]
    grey = image.mean((1, 2), keepdim=True)
    whole, *changed = probability(torch.cat([image[None], torch.where(own[:, None], grey, image)]))
    effects = whole - torch.stack(changed)
    salience = torch.stack([strength[each].double().mean() for each in own]).to(effects.device)
    gaps = (salience[:, None] - salience).triu(1)  # of pairs, the stronger group first
    right = effects[:, None] >= effects
    total = gaps.sum()
    return ((torch.where(right, gaps, -gaps).sum() / total).item()) if total > 0 else 0.0
