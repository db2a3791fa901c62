"""This module counts a confusion matrix over a whole split and leaves out pixels of 255."""

from collections.abc import Sequence

import torch
from torch import Tensor

from getam.evaluation.class_subset import keep_classes, kept_values
from getam.evaluation.scores import Scores
from getam.vocabulary import IGNORE


class ConfusionMatrix:
    """A confusion matrix counts pixels by true and predicted class, over any number of images.

    Pixels whose truth is 255 are left out. Pixels that are predicted as 255, as in pseudo labels,
    are counted in ``ignored`` and not in ``counts``.

    Parameters
    ----------
    num_classes_with_background
        Number of classes K with background. Masks hold 0..K - 1 and 255.

    Attributes
    ----------
    counts
        [K, K] int64 on the CPU. Rows are the true class, columns the predicted class.
    ignored
        [K] int64, the number of pixels that are predicted as 255, by true class.
    images
        Number of images that were counted.

    Examples
    --------
    >>> matrix = ConfusionMatrix(2)
    >>> matrix.update(torch.tensor([[0, 1, 255]]), torch.tensor([[0, 255, 1]]))
    >>> matrix.counts.tolist(), matrix.ignored.tolist()
    ([[1, 0], [0, 0]], [0, 1])
    """

    def __init__(self, num_classes_with_background: int) -> None:
        size = num_classes_with_background
        self.counts = torch.zeros(size, size, dtype=torch.int64)
        self.ignored = torch.zeros(size, dtype=torch.int64)
        self.images = 0

    def update(self, truth: Tensor, prediction: Tensor) -> None:
        """Count one image [H, W] or a batch [B, H, W].

        Parameters
        ----------
        truth, prediction
            Integer tensors of one shape and device, with values 0..K - 1 or 255.

        Raises
        ------
        ValueError
            If the shapes differ, if the values are not integers, or if a value is no class.
        """
        if truth.shape != prediction.shape:
            expected, got = tuple(truth.shape), tuple(prediction.shape)
            raise ValueError(f"prediction must have the truth's size {expected}, got {got}")
        size = len(self.counts)
        _check_values("truth", truth, size)
        _check_values("prediction", prediction, size)
        scored = truth != IGNORE
        decided = scored & (prediction != IGNORE)
        cells = truth[decided].long() * size + prediction[decided].long()
        self.counts += torch.bincount(cells, minlength=size * size).reshape(size, size).cpu()
        undecided = truth[scored & ~decided].flatten()
        self.ignored += torch.bincount(undecided, minlength=size).cpu()
        self.images += len(truth) if truth.ndim == 3 else 1

    def merge(self, other: "ConfusionMatrix") -> None:
        """Add the counts of another matrix of the same classes."""
        self.counts += other.counts
        self.ignored += other.ignored
        self.images += other.images

    def scores(
        self,
        names: Sequence[str],
        *,
        only: Sequence[str] | None = None,
        seconds: float | None = None,
    ) -> Scores:
        """Return the scores of all counted pixels.

        Parameters
        ----------
        names
            K class names, background first. The index of a name is its mask value.
        only
            Classes to score beside background. Pixels whose true class is another one are left out.
            A kept class that is predicted as another one is a miss. None scores all classes.
        seconds
            Time to note in the result.

        Raises
        ------
        ValueError
            If the number of names is not K, or if a name in ``only`` is not a class.
        """
        if len(names) != len(self.counts):
            raise ValueError(f"names must be {len(self.counts)} class names, got {len(names)}")
        kept = kept_values(only, names)
        return Scores.from_counts(
            keep_classes(self.counts, kept),
            [names[value] for value in kept],
            ignored=int(self.ignored[kept].sum()),
            images=self.images,
            seconds=seconds,
        )


def _check_values(argument: str, mask: Tensor, size: int) -> None:
    if mask.is_floating_point():
        raise ValueError(f"{argument} must hold integers, got {mask.dtype}")
    outside = (mask != IGNORE) & ((mask < 0) | (mask >= size))
    if outside.any():
        value = mask[outside][0].item()
        raise ValueError(f"{argument} must hold 0..{size - 1} or {IGNORE}, got the value {value}")
