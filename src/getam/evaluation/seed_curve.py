"""This module scores activation maps as masks at every background threshold, in one pass.

A pixel belongs to the class with the highest map if that map exceeds the threshold, otherwise to
background. This is the usual "seed" score of weak supervision, e.g. Ahn & Kwak 2018.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from getam.evaluation.class_subset import keep_classes, kept_values
from getam.evaluation.ratios import miou
from getam.evaluation.scores import Scores
from getam.vocabulary import IGNORE

THRESHOLDS = tuple(step / 20 for step in range(1, 20))
"""Default thresholds, 0.05 to 0.95. Finer steps change the best mIoU less than a new seed does."""


@dataclass(frozen=True)
class SeedScores:
    """A `SeedScores` holds the scores of thresholded activation maps.

    Attributes
    ----------
    best
        Scores at the best threshold.
    threshold
        The best threshold.
    curve
        The mIoU by threshold, in rising order of the thresholds.
    """

    best: Scores
    threshold: float
    curve: dict[float, float]

    def to_dict(self) -> dict[str, Any]:
        """Return the best scores, ``threshold`` and ``curve`` as plain values for JSON."""
        points = [{"threshold": point, "miou": value} for point, value in self.curve.items()]
        return {**self.best.to_dict(), "threshold": self.threshold, "curve": points}


class SeedCurve:
    """A seed curve collects activation maps and truths, and scores them at all thresholds at once.

    Only a histogram [K, K, T + 1] is kept. It counts pixels by true class, class with the highest
    map, and how many of the T thresholds this map exceeds. The confusion matrix at each threshold
    is a sum over it.

    Parameters
    ----------
    names
        K class names, background first. The class with index ``c`` in the maps is ``names[c + 1]``.
    thresholds
        Rising values in 0..1.

    Raises
    ------
    ValueError
        If the thresholds do not rise.

    Examples
    --------
    >>> curve = SeedCurve(["background", "dog"], thresholds=(0.2, 0.6))
    >>> curve.update(torch.tensor([[[0.1, 0.5, 0.9]]]), [0], torch.tensor([[0, 0, 1]]))
    >>> result = curve.scores()
    >>> result.threshold, result.best.miou
    (0.6, 1.0)
    """

    def __init__(self, names: Sequence[str], *, thresholds: Sequence[float] = THRESHOLDS) -> None:
        if not thresholds or list(thresholds) != sorted(set(thresholds)):
            raise ValueError(f"thresholds must be rising numbers, got {list(thresholds)}")
        size = len(names)
        self.names = list(names)
        self.thresholds = list(thresholds)
        self.histogram = torch.zeros(size, size, len(thresholds) + 1, dtype=torch.int64)
        self.images = 0

    def update(self, maps: Tensor, classes: Sequence[int], truth: Tensor) -> None:
        """Count one image.

        Parameters
        ----------
        maps
            [k, H, W], the normalised activation maps of the present classes, 0..1, in the size of
            the truth.
        classes
            The k class indices of the maps. The first class after background has the index 0.
        truth
            [H, W] integers, 0..K - 1 or 255. Pixels of 255 are left out.

        Raises
        ------
        ValueError
            If the shapes do not fit together, if a map is not finite, or if a value is no class.
        """
        self._check(maps, classes, truth)
        maps = maps.detach().float()
        # No threshold is below a map of zeros, so an image without maps is all background.
        floor = maps.new_zeros(1, *truth.shape)
        strength, winner = torch.cat([maps, floor])[:, truth != IGNORE].max(dim=0)
        thresholds = torch.tensor(self.thresholds, device=maps.device)
        exceeded = torch.searchsorted(thresholds, strength)
        value_of = torch.tensor([c + 1 for c in classes] + [0], device=maps.device)
        size, _, bins = self.histogram.shape
        true_class = truth[truth != IGNORE].long()
        cell = (true_class * size + value_of[winner]) * bins + exceeded
        counted = torch.bincount(cell, minlength=self.histogram.numel())
        self.histogram += counted.reshape(self.histogram.shape).cpu()
        self.images += 1

    def confusions(self) -> Tensor:
        """Return the confusion matrix at every threshold, [T, K, K] int64."""
        above = self.histogram.flip(-1).cumsum(dim=-1).flip(-1)[..., 1:]  # [K, K, T]
        below = self.histogram.sum(dim=-1, keepdim=True) - above
        matrices = above.permute(2, 0, 1).clone()
        matrices[:, :, 0] += below.sum(dim=1).T
        return matrices

    def scores(
        self, *, only: Sequence[str] | None = None, seconds: float | None = None
    ) -> SeedScores:
        """Return the mIoU at all thresholds and all scores at the best one.

        Parameters
        ----------
        only
            Classes to score beside background; see `ConfusionMatrix.scores`.
        seconds
            Time to note in the result.

        Raises
        ------
        ValueError
            If no pixel of these classes was counted, or if a name is not a class.
        """
        kept = kept_values(only, self.names)
        if not self.histogram[kept].any():
            raise ValueError("seed curve: no pixel was counted, so no threshold can be chosen")
        matrices = [keep_classes(matrix, kept) for matrix in self.confusions()]
        mious = [miou(matrix) for matrix in matrices]
        best = max(range(len(mious)), key=mious.__getitem__)
        names = [self.names[value] for value in kept]
        return SeedScores(
            best=Scores.from_counts(matrices[best], names, images=self.images, seconds=seconds),
            threshold=self.thresholds[best],
            curve=dict(zip(self.thresholds, mious, strict=True)),
        )

    def _check(self, maps: Tensor, classes: Sequence[int], truth: Tensor) -> None:
        expected = (len(classes), *truth.shape)
        if maps.shape != expected:
            raise ValueError(f"maps must be [classes, H, W] = {expected}, got {tuple(maps.shape)}")
        if not torch.isfinite(maps).all():
            raise ValueError("maps must be finite, got nan or infinity")
        last = len(self.names) - 1
        if any(not 0 <= c < last for c in classes):
            raise ValueError(f"classes must lie in 0..{last - 1}, got {list(classes)}")
        if ((truth < 0) | ((truth > last) & (truth != IGNORE))).any():
            raise ValueError(
                f"truth must hold 0..{last} or {IGNORE}, got {truth.unique().tolist()}"
            )
