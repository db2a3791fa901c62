"""This module holds the scores of attribution methods and writes them as a table or JSON."""

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch

from getam.evaluation.cost import Cost
from getam.evaluation.faithfulness import area
from getam.evaluation.scores import figure, without_nan, write_json
from getam.evaluation.seed_curve import SeedScores
from getam.evaluation.text_table import aligned, markdown


@dataclass(frozen=True)
class MethodScores:
    """A `MethodScores` holds the scores of one method with one first block.

    Attributes
    ----------
    method, first_block
        See :func:`getam.activation_maps`.
    refined
        Whether the maps were refined by PAMR.
    seed
        Scores of the thresholded maps.
    pointing
        Share of hits in the pointing game, by class.
    cost
        Cost of the maps of one photo.
    overlaps
        The IoU of each single map with its object, at the threshold that is best for their mean;
        see :func:`getam.evaluation.overlaps`.
    insertion, deletion
        Mean probability of the class at evenly spaced shares of changed pixels from 0 to 1. None if
        it was not measured.
    saco
        See :meth:`getam.evaluation.FaithfulnessTest.saco`, for each map. None if it was not
        measured.
    """

    method: str
    first_block: int
    refined: bool
    seed: SeedScores
    pointing: dict[str, float]
    cost: Cost
    overlaps: list[float] = field(default_factory=list)
    insertion: list[float] | None = None
    deletion: list[float] | None = None
    saco: list[float] | None = None

    def figures(self) -> dict[str, str]:
        """Return the cells of the table by the titles of their columns. Means are over classes."""
        best = self.seed.best
        shown = {
            "method": self.method,
            "first block": str(self.first_block),
            "PAMR": "yes" if self.refined else "no",
            "mIoU": figure(best.miou),
            "threshold": f"{self.seed.threshold:g}",
            "precision": figure(mean_of_defined(best.precision.values())),
            "recall": figure(mean_of_defined(best.recall.values())),
            "pointing": figure(mean_of_defined(self.pointing.values())),
            **({"map IoU": with_error(self.overlaps)} if self.overlaps else {}),
            **{name: figure(value) for name, value in self.areas().items()},
            **({"SaCo": with_error(self.saco)} if self.saco else {}),
            "s/photo": f"{self.cost.seconds:.3f}",
            "MiB": f"{self.cost.mebibytes:.0f}",
        }
        return {title: cell.strip() for title, cell in shown.items()}

    def areas(self) -> dict[str, float]:
        """Return the areas under the insertion and deletion curves that were measured."""
        curves = {"insertion": self.insertion, "deletion": self.deletion}
        return {
            name: area(torch.tensor(curve)) for name, curve in curves.items() if curve is not None
        }

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values for JSON."""
        values = {name: without_nan(value) for name, value in asdict(self).items()}
        return {**values, "seed": self.seed.to_dict(), "areas": self.areas()}


@dataclass(frozen=True)
class Comparison:
    """A comparison holds the scores of all methods and first blocks.

    Attributes
    ----------
    rows
        The scores, in the order in which they were asked for.
    photos
        Number of photos that every row was scored on.
    controls
        The scores of maps that know nothing of the network, e.g. noise.
    """

    rows: tuple[MethodScores, ...]
    photos: int
    controls: tuple[MethodScores, ...] = ()

    def ranked(self) -> list[MethodScores]:
        """Return the rows and the controls, highest mIoU first."""
        return sorted((*self.rows, *self.controls), key=lambda row: -row.seed.best.miou)

    def beats_controls(self, row: MethodScores) -> bool:
        """Return whether maps cover their objects better than those of each control.

        The gain in IoU over the same map of the control must exceed twice its standard error over
        all maps.
        """
        others = [control for control in self.controls if control.refined == row.refined]
        return all(clearly_more(row.overlaps, control.overlaps) for control in others)

    def best_of_methods(self, *, refined: bool) -> dict[str, MethodScores]:
        """Return the row with the best first block of each method, in the order of the rows."""
        best: dict[str, MethodScores] = {}
        for row in self.rows:
            before = best.get(row.method)
            if row.refined == refined and (
                before is None or row.seed.best.miou > before.seed.best.miou
            ):
                best[row.method] = row
        return best

    def table(self) -> str:
        """Return the scores as a plain-text table, highest mIoU first."""
        return aligned(self._cells())

    def markdown(self) -> str:
        """Return the table in Markdown."""
        return markdown(self._cells())

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values for JSON."""
        return {
            "photos": self.photos,
            "rows": [
                {**row.to_dict(), "beats_controls": self.beats_controls(row)}
                if self.controls
                else row.to_dict()
                for row in self.rows
            ],
            "controls": [row.to_dict() for row in self.controls],
        }

    def write_json(self, path: str | Path) -> None:
        """Write `to_dict` to ``path``, whole or not at all."""
        write_json(path, self.to_dict())

    def _cells(self) -> list[list[str]]:
        figures = [row.figures() | self._verdict(row) for row in self.ranked()]
        return [list(figures[0]), *(list(cells.values()) for cells in figures)]

    def _verdict(self, row: MethodScores) -> dict[str, str]:
        if not self.controls:
            return {}
        if row in self.controls:
            return {"first block": "", "beats controls": "control"}
        return {"beats controls": "yes" if self.beats_controls(row) else "NO"}


def clearly_more(ours: Sequence[float], theirs: Sequence[float]) -> bool:
    """Return whether paired values exceed others by more than two standard errors, without nan."""
    gains = [
        one - other for one, other in zip(ours, theirs, strict=True) if not math.isnan(one + other)
    ]
    return len(gains) > 1 and statistics.fmean(gains) > 2 * standard_error(gains)


def standard_error(values: Sequence[float]) -> float:
    """Return the standard error of the mean of two or more values."""
    return statistics.stdev(values) / len(values) ** 0.5


def with_error(values: Sequence[float]) -> str:
    """Write the mean of values without nan and, of two or more, its standard error."""
    defined = [value for value in values if not math.isnan(value)]
    if len(defined) < 2:
        return figure(mean_of_defined(defined)).strip()
    return f"{statistics.fmean(defined):.3f} ± {standard_error(defined):.3f}"


def mean_of_defined(values: Iterable[float]) -> float:
    """Return the mean of the values that are not nan, or nan if there are none."""
    defined = [value for value in values if not math.isnan(value)]
    return statistics.fmean(defined) if defined else math.nan
