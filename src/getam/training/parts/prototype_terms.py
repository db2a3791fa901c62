"""Regions of a class are like its prototypes (CPEWS, contextual prototypes, code of 2025).

See :mod:`getam.pseudo_label.prototypes` for how these are made. The functions follow the released
code, in which the maps of both terms have no gradient, so that the second one trains nothing.
"""

import torch
from torch import Tensor

from getam.pseudo_label.prototypes import Prototypes, covered, covered_mean

REGION_WEIGHT, PROTOTYPE_WEIGHT = 0.12, 1.5e-4
SCALE, OFFSET = 13.0, 0.1
UNKNOWN = 0.5
FAR = 123456.0


def similarity(feature: Tensor, others: Tensor) -> Tensor:
    """Return exp(-(sqrt(mean((a - b)^2 + 1e-4)) / 13 + 0.1)), in 0..1.

    Parameters
    ----------
    feature
        [D].
    others
        [n, D].

    Returns
    -------
    Tensor
        [n]; one value of 0.5 if there is nothing to compare with.
    """
    if len(others) == 0:
        return feature.new_full((1,), UNKNOWN)
    distance = ((feature - others).square() + 1e-4).mean(-1).sqrt()
    return torch.exp(-(distance / SCALE + OFFSET))


def nearest(features: Tensor, prototypes: Tensor) -> Tensor:
    """Return the mean squared difference of each feature [P, D] to the nearest of [n, D], [P].

    It is 123456 if there is no prototype.
    """
    if len(prototypes) == 0:
        return features.new_full((len(features),), FAR)
    return (features[:, None] - prototypes).square().mean(-1).amin(1)


def region_terms(
    maps: Tensor, features: Tensor, labels: Tensor, prototypes: Prototypes
) -> tuple[Tensor, Tensor]:
    """Return the terms of regions that are like their own class, and unlike its negatives.

    The region of a class is the mean feature r of what its map covers. The first term is -log
    sim(r, mean of the positives), the second -log(1 - max sim(r, negatives)); each is the mean over
    all photos and present classes whose map has a positive value and whose prototypes are there.
    CPEWS weighs their sum by 0.12.

    Parameters
    ----------
    maps
        [B, C, h, w], signed.
    features
        [B, D, h, w]. They alone get a gradient.
    labels
        [B, C] 0/1.
    prototypes
        Those of the C classes.

    Returns
    -------
    tuple of Tensor
        Two scalars, 0 if no class takes part.
    """
    maps = maps.detach()
    cover = covered(maps, floor=1e-4)
    alike, unlike = [features.sum() * 0], [features.sum() * 0]
    for image, index in labels.nonzero().tolist():
        positive, negative = prototypes.positive[index], prototypes.negative[index]
        if maps[image, index].max() > 0 and len(positive) and len(negative):
            region = covered_mean(features[image], cover[image, index])
            alike.append(-similarity(region, positive.mean(0, keepdim=True)).log().sum())
            unlike.append(-(1 - similarity(region, negative).max()).log())
    count = max(1, len(alike) - 1)
    return torch.stack(alike).sum() / count, torch.stack(unlike).sum() / count


def prototype_term(
    maps: Tensor, features: Tensor, labels: Tensor, prototypes: Prototypes
) -> Tensor:
    """Return the mean map value of covered patches that are more like unshared negatives.

    The mean is over the patches of all photos and present classes, 0 if there is none. CPEWS weighs
    it by 1.5e-4.

    Parameters
    ----------
    maps
        [B, C, h, w], signed. They alone get a gradient, which the authors cut off.
    features, labels, prototypes
        As in :func:`region_terms`.
    """
    cover = covered(maps.detach(), floor=1e-4)
    tokens = features.detach().flatten(2).mT
    found = [maps.sum() * 0]
    count = 0
    for image, index in labels.nonzero().tolist():
        away = nearest(tokens[image], prototypes.positive[index])
        confused = away > nearest(tokens[image], prototypes.unshared[index])
        wrong = cover[image, index].flatten() & confused
        found.append(maps[image, index].flatten()[wrong].sum())
        count += int(wrong.sum())
    return torch.stack(found).sum() / max(1, count)
