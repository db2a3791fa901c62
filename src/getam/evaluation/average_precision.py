"""Average precision of image-level class scores (step-wise area, as scikit-learn defines it)."""

import math
from collections.abc import Iterable

import torch
from torch import Tensor


def average_precision(scores: Tensor, labels: Tensor) -> float:
    """Average precision of one class: sum over ranks of precision x gain in recall.

    Parameters
    ----------
    scores
        [N] any monotone score, e.g. class logits.
    labels
        [N] 0/1.

    Returns
    -------
    float
        0..1; nan when no label is positive.

    Raises
    ------
    ValueError
        For different shapes or scores that are not finite.

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
    """Return the mean over classes of `average_precision`, without classes that have no positive.

    Parameters
    ----------
    scores, labels
        [N, C].
    known
        [N, C] bool; entries of ``labels`` that are not known are left out. None takes all.

    Returns
    -------
    float
        0..1; nan when no class has a positive.

    Raises
    ------
    ValueError
        For different shapes or scores that are not finite.
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


def mean_over_classes(per_class: Iterable[float]) -> float:
    """Return the mean without the classes whose figure is nan; nan when all are."""
    return torch.tensor(list(per_class)).nanmean().item()
