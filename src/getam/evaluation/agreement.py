"""This module measures maps and masks of one class: how far they reach and how far they agree."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from getam.vocabulary import IGNORE


def overlap(first: Tensor, second: Tensor) -> float:
    """Return the overlap of two masks: their common pixels / all pixels of either (IoU).

    Parameters
    ----------
    first, second
        bool [H, W].

    Returns
    -------
    float
        The overlap in 0..1, and 0 if both masks are empty: nothing was found.

    Examples
    --------
    >>> overlap(torch.tensor([[True, True]]), torch.tensor([[True, False]]))
    0.5
    """
    either = int((first | second).sum())
    return int((first & second).sum()) / either if either else 0.0


def soft_overlap(map_: Tensor, mask: Tensor) -> float:
    """Return the overlap of a map and a mask: sum of minima / sum of maxima (Ruzicka 1958).

    It is the overlap of two masks if the map holds 0 and 1 alone.

    Parameters
    ----------
    map_
        [H, W] in 0..1.
    mask
        bool [H, W].
    """
    mask = mask.to(map_.dtype)
    either = float(torch.maximum(map_, mask).sum())
    return float(torch.minimum(map_, mask).sum()) / either if either else 0.0


def coverage(map_: Tensor) -> float:
    """Return the mean of a map [H, W] of 0..1: the share of the photo that it covers."""
    return float(map_.mean())


def entropy(map_: Tensor) -> float:
    """Return how evenly a map [H, W] is spread: -sum(p log p) / log(HW), p = map / sum(map).

    Returns
    -------
    float
        0 if one pixel holds everything, 1 if all pixels are equal or the map is empty.

    Examples
    --------
    >>> round(entropy(torch.ones(4, 4)), 6), entropy(torch.eye(2)[:1])
    (1.0, 0.0)
    """
    total = map_.sum()
    if total <= 0 or map_.numel() < 2:
        return 1.0
    share = (map_ / total).flatten()
    bits = torch.special.entr(share).sum()  # 0 for empty pixels
    return float(bits) / math.log(share.numel())


def true_overlap(mask: Tensor, truth: Tensor, classes: Sequence[int]) -> dict[int, float]:
    """Return the overlap of the mask of a photo with its true mask, for some classes.

    Pixels whose truth is 255 are left out. A pixel that the mask leaves undecided counts as not
    of the class: a mask that decides nothing has found nothing.

    Parameters
    ----------
    mask, truth
        [H, W] integers: 0 background, class + 1, 255 undecided.
    classes
        The numbers of the classes.
    """
    scored = truth != IGNORE
    return {c: overlap((mask == c + 1) & scored, truth == c + 1) for c in classes}
