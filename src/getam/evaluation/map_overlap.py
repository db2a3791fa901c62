"""This module measures how far each single map covers the object of its class."""

from collections.abc import Sequence

import torch
from torch import Tensor

from getam.vocabulary import IGNORE


def overlaps(
    maps: Tensor, classes: Sequence[int], truth: Tensor, thresholds: Sequence[float]
) -> Tensor:
    """Return the IoU of each thresholded map with the pixels of its class.

    A map is taken alone: another class that is stronger at a pixel does not count.

    Parameters
    ----------
    maps
        [K, H, W] in 0..1.
    classes
        The K class indices, without background.
    truth
        int64 [H, W]: 0 background, class + 1, 255 not counted.
    thresholds
        T rising values. A pixel belongs to the map where it exceeds the threshold.

    Returns
    -------
    Tensor
        float64 [K, T]; nan where the truth does not show the class.

    Examples
    --------
    >>> overlaps(torch.tensor([[[0.9, 0.6, 0.1]]]), [0], torch.tensor([[1, 0, 0]]), [0.5, 0.8])
    tensor([[0.5000, 1.0000]], dtype=torch.float64)
    """
    edges = torch.tensor(thresholds, dtype=maps.dtype)
    counted = truth != IGNORE
    found = []
    for strength, index in zip(maps, classes, strict=True):
        exceeded = torch.bucketize(strength[counted], edges)  # how many thresholds
        inside = truth[counted] == index + 1
        hits, others = (
            torch.bincount(exceeded[own], minlength=len(edges) + 1).flip(0).cumsum(0).flip(0)[1:]
            for own in (inside, ~inside)
        )
        size = inside.sum()
        ratio = hits.double() / (size + others)
        found.append(ratio if size else torch.full_like(ratio, torch.nan))
    return torch.stack(found) if found else torch.zeros(0, len(edges), dtype=torch.float64)
