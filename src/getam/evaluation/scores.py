"""This module holds the scores of one set of masks and writes them as a table or JSON."""

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from getam.evaluation.ratios import iou, miou, precision, recall
from getam.files import write_text
from getam.printable import printable


@dataclass(frozen=True)
class Scores:
    """A `Scores` holds the scores over a whole split, from one confusion matrix.

    Attributes
    ----------
    miou
        Mean IoU over the classes that occur, 0..1.
    iou, precision, recall
        Ratios by class name, 0..1, and nan for a class that does not occur.
    accuracy
        Share of the counted pixels that are right, 0..1.
    ignored_share
        Share of the scored pixels that the prediction left at 255. They enter no other ratio.
    images, pixels
        Numbers of images and pixels that were scored. ``pixels`` includes the ignored ones.
    seconds
        Time that the scoring took, or None if it was not measured.
    """

    miou: float
    iou: dict[str, float]
    precision: dict[str, float]
    recall: dict[str, float]
    accuracy: float
    ignored_share: float
    images: int
    pixels: int
    seconds: float | None = None

    @classmethod
    def from_counts(
        cls,
        counts: Tensor,
        names: Sequence[str],
        *,
        ignored: int = 0,
        images: int = 0,
        seconds: float | None = None,
    ) -> "Scores":
        """Compute the scores of a confusion matrix.

        Parameters
        ----------
        counts
            [K, K or more] numbers of pixels; see `getam.evaluation.ratios`.
        names
            K class names, background first.
        ignored
            Number of pixels of the scored classes that were predicted as 255.
        images, seconds
            Number of images and time, to note in the result.

        Raises
        ------
        ValueError
            If the number of names is not K.
        """
        if len(names) != len(counts):
            raise ValueError(f"names must be {len(counts)} class names, got {len(names)}")
        counted = int(counts.sum())
        return cls(
            miou=miou(counts),
            iou=_by_name(names, iou(counts)),
            precision=_by_name(names, precision(counts)),
            recall=_by_name(names, recall(counts)),
            accuracy=_share(int(counts.diagonal().sum()), counted),
            ignored_share=_share(ignored, counted + ignored),
            images=images,
            pixels=counted + ignored,
            seconds=seconds,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values for JSON. None replaces nan."""
        return {name: without_nan(value) for name, value in asdict(self).items()}

    def table(self) -> str:
        """Return a plain-text table with one line per class, the mean and the counts."""
        names = {name: printable(name) for name in self.iou}
        width = max(len(name) for name in [*names.values(), "mean"])
        rows = [f"{'class':<{width}}     IoU  precision  recall"]
        rows += [
            f"{names[name]:<{width}}  {figure(value)}     {figure(self.precision[name])}"
            f"  {figure(self.recall[name])}"
            for name, value in self.iou.items()
        ]
        rows.append(f"{'mean':<{width}}  {figure(self.miou)}")
        rows.append(
            f"{self.images} images, {self.pixels} pixels, {self.ignored_share:.1%} ignored by the "
            f"prediction, pixel accuracy {figure(self.accuracy).strip()}"
        )
        return "\n".join(rows)

    def write_json(self, path: str | Path) -> None:
        """Write `to_dict` to ``path``, whole or not at all."""
        write_json(path, self.to_dict())


def write_json(path: str | Path, content: dict[str, Any]) -> None:
    """Write a dictionary of plain values as indented JSON, whole or not at all."""
    text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False)
    write_text(path, text + "\n")


def without_nan(value: Any) -> Any:
    """Return a value with None instead of nan, also inside of others. JSON has no nan."""
    if isinstance(value, dict):
        return {key: without_nan(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [without_nan(inner) for inner in value]
    return None if isinstance(value, float) and math.isnan(value) else value


def figure(value: float) -> str:
    """Return a ratio as text of six characters, with a dash for nan."""
    return f"{'-':>6}" if math.isnan(value) else f"{value:6.3f}"


def _by_name(names: Sequence[str], values: Tensor) -> dict[str, float]:
    return dict(zip(names, values.tolist(), strict=True))


def _share(part: int, whole: int) -> float:
    return part / whole if whole else math.nan
