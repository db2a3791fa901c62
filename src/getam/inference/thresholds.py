"""This module chooses thresholds of maps on a few photos that have true masks."""

import logging
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from getam.data import Source
from getam.evaluation import SeedCurve, SeedScores, ThresholdPair, best_pair
from getam.inference.labelling import label_photos
from getam.model import Model
from getam.progress import counted

FEWEST = 5
"""The least number of photos to choose on, if some have to be left out."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class ChosenThresholds:
    """Chosen thresholds hold what a few photos with true masks say.

    Attributes
    ----------
    raw, refined
        The scores of the activation maps and of the refined maps over one threshold.
    pair
        The best two thresholds for the rule "thresholds", on refined maps.
    """

    raw: SeedScores
    refined: SeedScores
    pair: ThresholdPair

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {
            "raw map": self.raw.to_dict(),
            "refined map": self.refined.to_dict(),
            "pair": self.pair.to_dict(),
        }

    def table(self) -> str:
        """Return the curves and the best thresholds as text."""
        rows = [
            f"{threshold:9.2f}  {self.raw.curve[threshold]:7.3f}  {refined:11.3f}"
            for threshold, refined in self.refined.curve.items()
        ]
        best, pair = self.refined, self.pair
        return "\n".join(
            [
                "threshold  raw map  refined map",
                *rows,
                f"best threshold of refined maps: {best.threshold:.2f}, mIoU {best.best.miou:.3f}",
                f"best two thresholds: low {pair.low:.2f}, high {pair.high:.2f}, mIoU "
                f"{pair.scores.miou:.3f}, {pair.scores.ignored_share:.1%} undecided",
            ]
        )


def choose_thresholds(
    model: Model, source: Source, *, workers: int | None = None
) -> ChosenThresholds:
    """Choose thresholds on the photos of a source that have tags and true masks.

    Parameters
    ----------
    model
        The trained model, which makes the maps.
    source
        The photos. Those without a mask or without a known tag are not looked at.
    workers
        Number of processes that read photos.

    Raises
    ------
    ValueError
        If no photo has a tag and a mask.
    """
    source = source.with_truth_and_tags()
    records = {record.id: record for record in source.records}
    names = ["background", *source.classes]
    raw, refined = SeedCurve(names), SeedCurve(names)
    with counted("photos with a mask", len(source)) as advance:
        for photo in label_photos(model, source, workers=workers):
            truth = torch.from_numpy(source.read_truth(records[photo.id]))
            for curve, maps in ((raw, photo.activation_maps), (refined, photo.refined_maps)):
                curve.update(photo.maps_at_photo_size(maps).cpu(), photo.classes, truth)
            advance()
    return ChosenThresholds(raw.scores(), refined.scores(), best_pair(refined))


def without_scored(source: Source, scored: Collection[Path]) -> Source:
    """Leave out the photos that a run reports its scores on, and say how many.

    A score of photos on which something was chosen is no measurement any more.

    Raises
    ------
    ValueError
        If there are such photos, and fewer than :data:`FEWEST` others.
    """
    known = {path.resolve() for path in scored}
    others = tuple(r for r in source.records if r.image.resolve() not in known)
    count = len(source) - len(others)
    if not count:
        return source
    if len(others) < FEWEST:
        raise ValueError(
            f"truth: the run reports its scores on {count} of these {len(source)} photos (its "
            f"val_photos.txt lists them): give masks of at least {FEWEST} others"
        )
    logger.info("%d of %d photos are left out: the run is scored on them", count, len(source))
    return replace(source, records=others)
