"""Ratios of a confusion matrix: intersection over union, precision, recall (VOC's definitions).

Every function takes ``counts`` [K, K], rows truth and columns prediction. Columns beyond K are
allowed: they hold predictions of classes that are not scored (`getam.evaluation.class_subset`),
which are misses of the truth's class and false positives of nobody.
"""

from torch import Tensor


def iou(counts: Tensor) -> Tensor:
    """Intersection over union of each class.

    Parameters
    ----------
    counts
        [K, K or more] pixels, rows truth and columns prediction.

    Returns
    -------
    Tensor
        [K] float64 in 0..1; nan for a class that is neither in the truth nor predicted.

    Examples
    --------
    >>> import torch
    >>> iou(torch.tensor([[3, 1], [0, 4]]))
    tensor([0.7500, 0.8000], dtype=torch.float64)
    """
    hits = _hits(counts)
    return hits / (counts.sum(dim=1) + _predicted(counts) - hits)


def miou(counts: Tensor) -> float:
    """Mean IoU over the classes that occur, 0..1; nan when nothing was counted."""
    return iou(counts).nanmean().item()


def precision(counts: Tensor) -> Tensor:
    """Share of each class's predicted pixels that are right: [K], nan where never predicted."""
    return _hits(counts) / _predicted(counts)


def recall(counts: Tensor) -> Tensor:
    """Share of each class's true pixels that are found: [K], nan where not in the truth."""
    return _hits(counts) / counts.sum(dim=1)


def _hits(counts: Tensor) -> Tensor:
    return counts.diagonal().double()


def _predicted(counts: Tensor) -> Tensor:
    return counts[:, : len(counts)].sum(dim=0)
