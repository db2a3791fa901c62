"""This module computes the average precision of image-level scores, as scikit-learn defines it."""

import math
from collections.abc import Iterable

import torch
from torch import Tensor


def average_precision(scores: Tensor, labels: Tensor) -> float:
    """Return the average precision of one class: the sum over ranks of precision x gain in recall.

    Parameters
    ----------
    scores
        [N], such as class logits. Only their order counts.
    labels
        [N] of 0 and 1.

    Returns
    -------
    float
        The average precision in 0..1, or nan if no label is positive.

    Raises
    ------
    ValueError
        If the shapes differ, or if a score is not finite.

    Examples
    --------
    >>> average_precision(torch.tensor([0.9, 0.8, 0.1]), torch.tensor([1, 0, 1]))
    0.8333333333333333
    """
    if scores.shape != labels.shape or scores.ndim != 1:
        raise ValueError(
            f"scores and labels must be [N], got {tuple(scores.shape)} and {tuple(labels.shape)}"
        )
    if not torch.isfinite(scores).all():
        raise ValueError("scores must be finite, got nan or infinity")
    if not (labels > 0).any():
        return math.nan
    from sklearn.metrics import average_precision_score  # takes a second, and few come here

    ranked = scores.detach().cpu().double().numpy()
    return float(average_precision_score((labels > 0).cpu().numpy(), ranked))


def mean_average_precision(scores: Tensor, labels: Tensor, known: Tensor | None = None) -> float:
    """Return the mean of `average_precision` over the classes that have a positive label.

    Parameters
    ----------
    scores
        [N, C], such as class logits.
    labels
        [N, C] of 0 and 1.
    known
        [N, C] bool. Labels that are not known are left out. None takes all labels.

    Returns
    -------
    float
        The mean in 0..1, or nan if no class has a positive label.

    Raises
    ------
    ValueError
        If the shapes differ, or if a score is not finite.
    """
    if scores.shape != labels.shape or scores.ndim != 2:
        raise ValueError(
            f"scores and labels must be [N, C], got {tuple(scores.shape)} and {tuple(labels.shape)}"
        )
    known = torch.ones_like(labels, dtype=torch.bool) if known is None else known
    if known.shape != labels.shape:
        raise ValueError(f"known must be {tuple(labels.shape)}, got {tuple(known.shape)}")
    columns = zip(scores.T, labels.T, known.T, strict=True)
    return mean_over_classes(average_precision(s[k], y[k]) for s, y, k in columns)


def binned_average_precision(counts: Tensor) -> float:
    """Return the mean average precision of labels that were counted by their scores.

    The result is that of scores which were rounded to the bins, and the counts do not grow with the
    number of labels.

    Parameters
    ----------
    counts
        int64 [C, 2, T]: how many labels of each class, 0 and 1, have a score in each of T bins, the
        lowest scores first.

    Returns
    -------
    float
        The mean in 0..1 over the classes that have labels of both kinds, or nan if there are none.
        A class that every photo shows would have 1, whatever the scores are.
    """
    counts = counts[counts.sum(-1).all(1)]
    downwards = counts.flip(-1).double()
    at_least = downwards.cumsum(-1)  # labels whose score is at least that of the bin
    precision = at_least[:, 1] / at_least.sum(1).clamp_min(1)
    each = (precision * downwards[:, 1]).sum(-1) / at_least[:, 1, -1]
    return mean_over_classes(each.tolist())


def mean_over_classes(per_class: Iterable[float]) -> float:
    """Return the mean over the classes whose figure is not nan, or nan if there are none."""
    return torch.tensor(list(per_class)).nanmean().item()
