"""A tally counts how well one setting's maps do over a split."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from getam.activation import Setting, enlarge_aligning_edges
from getam.evaluation import (
    Cost,
    MethodScores,
    PointingGame,
    SeedCurve,
    overlaps,
)
from getam.evaluation.faithfulness import STEPS
from getam.evaluation.seed_curve import THRESHOLDS

Key = tuple[Setting, bool]
"""A setting, and whether its maps are refined."""

Tallies = dict[Key, "Tally"]

# Products of gradients are steep: their best threshold lies where the usual steps of 0.05 begin.
LOW_THRESHOLDS = (0.005, 0.01, 0.02, 0.03, 0.04)


@dataclass
class Tally:
    """A tally holds the counts of one setting, refined or not.

    Of each map it holds the IoU at every threshold, [maps, thresholds], the curves of insertion
    and deletion, [maps, steps + 1], and SaCo.
    """

    curve: SeedCurve
    pointing: PointingGame
    overlaps: Tensor
    insertions: Tensor = field(default_factory=lambda: torch.zeros(0, STEPS + 1))
    deletions: Tensor = field(default_factory=lambda: torch.zeros(0, STEPS + 1))
    sacos: list[float] = field(default_factory=list)

    @classmethod
    def of_classes(cls, names: Sequence[str]) -> "Tally":
        """Return a tally with nothing counted yet; ``names`` has background first."""
        curve = SeedCurve(names, thresholds=(*LOW_THRESHOLDS, *THRESHOLDS))
        overlaps_of_none = torch.zeros(0, len(curve.thresholds), dtype=torch.float64)
        return cls(curve, PointingGame(names), overlaps_of_none)

    def update(self, maps: Tensor, classes: list[int], truth: Tensor) -> None:
        """Count the maps [K, h, w] in 0..1 of one photo against its truth [H, W]."""
        enlarged = enlarge_aligning_edges(maps, truth.shape).cpu()
        self.curve.update(enlarged, classes, truth)
        self.pointing.update(enlarged, classes, truth)
        found = overlaps(enlarged, classes, truth, self.curve.thresholds)
        self.overlaps = torch.cat([self.overlaps, found])

    def add_faithfulness(self, insertion: Tensor, deletion: Tensor, saco: float) -> None:
        """Count the curves [steps + 1] and SaCo of one map."""
        self.insertions = torch.cat([self.insertions, insertion[None]])
        self.deletions = torch.cat([self.deletions, deletion[None]])
        self.sacos.append(saco)

    def scores(self, setting: Setting, *, refined: bool, cost: Cost) -> MethodScores:
        """Return the scores that follow from the counts."""
        return MethodScores(
            setting.method,
            setting.first_block,
            refined=refined,
            seed=self.curve.scores(),
            pointing=self.pointing.accuracy(),
            cost=cost,
            overlaps=at_best(self.overlaps),
            insertion=mean_curve(self.insertions),
            deletion=mean_curve(self.deletions),
            saco=self.sacos or None,
        )


def at_best(curves: Tensor) -> list[float]:
    """Return the values of curves [N, T] at the place where their mean, without nan, is highest."""
    best = curves.nanmean(0).nan_to_num(-1).argmax()
    return [round(value, 4) for value in curves[:, best].tolist()]


def mean_curve(curves: Tensor) -> list[float] | None:
    """Return the mean of curves [N, steps + 1]; None without one."""
    return curves.mean(0).tolist() if len(curves) else None
