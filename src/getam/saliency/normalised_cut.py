"""The normalised cut parts patches into two groups that are alike inside and unlike each other.

It is the relaxed cut of Shi and Malik (PAMI 2000) on the features of a vision transformer, as
TokenCut uses it (Wang et al., CVPR 2022).
"""

import torch
from torch import Tensor

LEAST = 1e-5  # likeness of patches that have nothing in common: the graph must not fall apart
POWER = 3  # sharpens the cosine, which is above 0.5 for most pairs of patches


def likeness(features: Tensor) -> Tensor:
    """Return how alike patches are, float64 [P, P] in 0..1: a power of the cosine, if positive.

    TokenCut cuts the cosine at 0.2 instead. The power was better on the choosing photos.

    Parameters
    ----------
    features
        [P, D], one vector per patch.
    """
    directions = torch.nn.functional.normalize(features.double(), dim=1)
    return (directions @ directions.T).clamp_min(0).pow(POWER).clamp_min(LEAST)


def normalised_cut(weights: Tensor) -> Tensor:
    """Return the vector whose sign parts the patches, float64 [P].

    It is y of (D - W) y = lambda D y for the second smallest lambda (Shi and Malik, equation 11).

    Parameters
    ----------
    weights
        W, float64 [P, P], symmetric and positive, P >= 2; D holds the sums of its rows.
    """
    degree = weights.sum(1)
    scale = degree.rsqrt()
    # The second smallest of D - W is the second largest of the scaled W.
    _, vectors = torch.linalg.eigh(scale[:, None] * weights * scale)
    return vectors[:, -2] * scale


def foreground_first(cut: Tensor) -> Tensor:
    """Return a cut [h, w] with the sign at which the object is positive, its mean taken off.

    The object is the side that holds the smaller share of the photo's border than of the whole
    photo: photographers seldom cut their subject off.
    """
    cut = cut - cut.mean()
    positive = (cut > 0).double()
    border = torch.cat([positive[0], positive[-1], positive[1:-1, 0], positive[1:-1, -1]])
    return cut if border.mean() <= positive.mean() else -cut


def as_map(cut: Tensor) -> Tensor:
    """Return a cut, float [h, w], as a map in 0..1 whose object is above one half.

    Both sides keep their own scale, so that the farthest patches are 1 and 0.
    """
    above, below = cut.clamp_min(0), cut.clamp_max(0)
    top, bottom = above.max().clamp_min(1e-12), below.min().clamp_max(-1e-12)
    return (1 + above / top - below / bottom) / 2
