"""This module chooses the two thresholds that turn a refined map into a mask.

A pixel becomes a class above the high threshold and background below the low one. Between them it
stays undecided. A seed curve has counted everything that is needed to score all pairs.
"""

from dataclasses import dataclass
from typing import Any

from getam.evaluation.scores import Scores
from getam.evaluation.seed_curve import SeedCurve

MOST_UNDECIDED = 0.15
"""The largest share of the pixels that a pair may leave undecided. Without a limit the pair that
decides the fewest pixels would win."""


@dataclass(frozen=True)
class ThresholdPair:
    """A threshold pair holds two thresholds and the scores of the masks that they make.

    Attributes
    ----------
    low, high
        The thresholds.
    scores
        The scores of the decided pixels, and the share that is left undecided.
    """

    low: float
    high: float
    scores: Scores

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {"low": self.low, "high": self.high, **self.scores.to_dict()}


def best_pair(curve: SeedCurve, *, most_undecided: float = MOST_UNDECIDED) -> ThresholdPair:
    """Return the pair with the highest mIoU that leaves few enough pixels undecided.

    Parameters
    ----------
    curve
        Has counted the photos.
    most_undecided
        The largest share of undecided pixels, 0..1.

    Raises
    ------
    ValueError
        If no pixel was counted.

    Examples
    --------
    >>> import torch
    >>> curve = SeedCurve(["background", "dog"])
    >>> maps, truth = torch.tensor([[[0.1, 0.2, 0.5, 0.9]]]), torch.tensor([[0, 0, 1, 1]])
    >>> curve.update(maps, [0], truth)
    >>> pair = best_pair(curve)
    >>> pair.scores.miou, pair.low < 0.5
    (1.0, True)
    """
    if not curve.histogram.any():
        raise ValueError("thresholds: no pixel was counted, so no threshold can be chosen")
    count = len(curve.thresholds)
    pairs = [scored(curve, low, high) for low in range(count) for high in range(low, count)]
    allowed = [pair for pair in pairs if pair.scores.ignored_share <= most_undecided]
    return max(allowed, key=lambda pair: pair.scores.miou)


def scored(curve: SeedCurve, low: int, high: int) -> ThresholdPair:
    """Score the pair of the thresholds at two positions."""
    counts = curve.histogram[..., high + 1 :].sum(-1)
    counts[:, 0] += curve.histogram[..., : low + 1].sum((1, 2))
    ignored = int(curve.histogram.sum() - counts.sum())
    scores = Scores.from_counts(counts, curve.names, ignored=ignored, images=curve.images)
    return ThresholdPair(curve.thresholds[low], curve.thresholds[high], scores)
