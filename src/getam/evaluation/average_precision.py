"""Average precision of image-level class scores (step-wise area, as scikit-learn defines it)."""

import math
from collections.abc import Iterable

import torch
from sklearn.metrics import average_precision_score
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
    ranked = scores.detach().cpu().double().numpy()
    return float(average_precision_score((labels > 0).cpu().numpy(), ranked))


def mean_average_precision(scores: Tensor, labels: Tensor) -> float:
    """Mean over classes of `average_precision`; classes without a positive are left out.

    Parameters
    ----------
    scores, labels
        [N, C].

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
    return mean_over_classes(
        average_precision(s, y) for s, y in zip(scores.T, labels.T, strict=True)
    )


def mean_over_classes(per_class: Iterable[float]) -> float:
    """Return the mean without the classes whose figure is nan; nan when all are."""
    return torch.tensor(list(per_class)).nanmean().item()
