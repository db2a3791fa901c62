"""This module computes intersection over union, precision and recall, as PASCAL VOC defines them.

Every function takes a confusion matrix ``counts`` [K, K]. Rows are the true class, columns the
predicted class. Columns beyond K may follow for predictions of classes that are not scored; see
`getam.evaluation.class_subset`. Those count as misses of the true class and as nothing else.
"""

from torch import Tensor


def iou(counts: Tensor) -> Tensor:
    """Return the intersection over union of each class.

    Parameters
    ----------
    counts
        [K, K or more] numbers of pixels. Rows are the true class, columns the predicted class.

    Returns
    -------
    Tensor
        [K] float64 in 0..1, and nan for a class that is neither in the truth nor predicted.

    Examples
    --------
    >>> import torch
    >>> iou(torch.tensor([[3, 1], [0, 4]]))
    tensor([0.7500, 0.8000], dtype=torch.float64)
    """
    hits = _hits(counts)
    return hits / (counts.sum(dim=1) + _predicted(counts) - hits)


def miou(counts: Tensor) -> float:
    """Return the mean IoU over the classes that occur, 0..1, or nan if nothing was counted."""
    return iou(counts).nanmean().item()


def precision(counts: Tensor) -> Tensor:
    """Return the share of the predicted pixels that are right [K], nan if a class has none."""
    return _hits(counts) / _predicted(counts)


def recall(counts: Tensor) -> Tensor:
    """Return the share of the true pixels that are found [K], nan if a class has none."""
    return _hits(counts) / counts.sum(dim=1)


def _hits(counts: Tensor) -> Tensor:
    return counts.diagonal().double()


def _predicted(counts: Tensor) -> Tensor:
    return counts[:, : len(counts)].sum(dim=0)
