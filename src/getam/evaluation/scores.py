"""The score of one set of masks: a named result that prints and writes itself."""

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from getam.evaluation.ratios import iou, miou, precision, recall
from getam.files import whole_file


@dataclass(frozen=True)
class Scores:
    """Scores over a whole split, from one confusion matrix.

    Attributes
    ----------
    miou
        Mean IoU over the classes that occur, 0..1.
    iou, precision, recall
        Per class name, 0..1; nan for a class that does not occur.
    accuracy
        Share of the counted pixels that are right, 0..1.
    ignored_share
        Share of the scored pixels that the prediction left at 255; they enter no other figure.
    images, pixels
        How many were scored; ``pixels`` includes the ignored ones.
    seconds
        Time it took, None if nobody measured it.
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
        """Score a confusion matrix.

        Parameters
        ----------
        counts
            [K, K or more] pixels, see `getam.evaluation.ratios`.
        names
            K class names, background first.
        ignored
            Pixels of the scored classes that were predicted 255.
        images, seconds
            Kept as they are.

        Raises
        ------
        ValueError
            When the number of names is not K.
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
        """Everything as plain values for JSON; what is not defined (nan) becomes None."""
        return {name: without_nan(value) for name, value in asdict(self).items()}

    def table(self) -> str:
        """Plain-text table: one line per class, then the mean and what was counted."""
        width = max(len(name) for name in [*self.iou, "mean"])
        rows = [f"{'class':<{width}}     IoU  precision  recall"]
        rows += [
            f"{name:<{width}}  {figure(value)}     {figure(self.precision[name])}"
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
    with whole_file(path) as temporary:
        temporary.write_text(text + "\n", encoding="utf-8")


def without_nan(value: Any) -> Any:
    """Replace nan by None, inside dictionaries too: JSON has no nan."""
    if isinstance(value, dict):
        return {key: without_nan(inner) for key, inner in value.items()}
    return None if isinstance(value, float) and math.isnan(value) else value


def figure(value: float) -> str:
    """Write a ratio in six columns, a dash when it is not defined."""
    return f"{'-':>6}" if math.isnan(value) else f"{value:6.3f}"


def _by_name(names: Sequence[str], values: Tensor) -> dict[str, float]:
    return dict(zip(names, values.tolist(), strict=True))


def _share(part: int, whole: int) -> float:
    return part / whole if whole else math.nan
