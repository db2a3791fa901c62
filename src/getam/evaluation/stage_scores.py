"""This module holds the scores of the stages that lead to a mask.

The stages are the raw map, the refined map, the pseudo label and the prediction.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from getam.evaluation.scores import Scores, figure, write_json
from getam.evaluation.seed_curve import SeedScores
from getam.evaluation.tag_scores import TagScores
from getam.evaluation.text_table import aligned


@dataclass
class StageScores:
    """A `StageScores` holds the scores of each stage, in the order in which the stages run.

    Attributes
    ----------
    stages
        The scores by the name of the stage: `SeedScores` for maps, `Scores` for masks.
    view
        The sizes and other settings of the prediction, in words.
    tags
        The scores of the tags, or None if they were not asked for.
    """

    stages: dict[str, Scores | SeedScores] = field(default_factory=dict)
    view: str = ""
    tags: TagScores | None = None

    def add(self, name: str, scores: Scores | SeedScores) -> None:
        """Append a stage.

        Raises
        ------
        ValueError
            If there is a stage of this name already, or if its classes differ from the others.
        """
        if name in self.stages:
            raise ValueError(f"stage '{name}' has a score already")
        classes = list(mask_scores(scores).iou)
        if self.stages and classes != list(self.final().iou):
            raise ValueError(
                f"stage '{name}' must have the classes {list(self.final().iou)}, got {classes}"
            )
        self.stages[name] = scores

    def masks(self) -> dict[str, Scores]:
        """Return the mask scores of every stage. Maps are scored at their best threshold."""
        return {name: mask_scores(scores) for name, scores in self.stages.items()}

    def curves(self) -> dict[str, SeedScores]:
        """Return the scores of the stages that are maps, which have a curve over thresholds."""
        return {
            name: scores for name, scores in self.stages.items() if isinstance(scores, SeedScores)
        }

    def final(self) -> Scores:
        """Return the mask scores of the last stage.

        Raises
        ------
        ValueError
            If there is no stage yet.
        """
        if not self.stages:
            raise ValueError("stages: nothing was scored")
        return list(self.masks().values())[-1]

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON: the last stage at the top, every stage in ``stages``."""
        by_stage = {name: scores.to_dict() for name, scores in self.stages.items()}
        tags = {} if self.tags is None else {"tags": self.tags.to_dict()}
        final = self.final().to_dict() if self.stages else {}
        return {**final, "view": self.view, **tags, "stages": by_stage}

    def table(self) -> str:
        """Return a plain-text table of the IoU, with a line per class and a column per stage."""
        tags = [] if self.tags is None else [self.tags.line()]
        if not self.stages:
            return "\n".join(tags)
        masks = self.masks()
        curves = self.curves()
        rows = [["IoU", *masks]]
        rows += [
            [name, *(figure(stage.iou[name]) for stage in masks.values())]
            for name in self.final().iou
        ]
        rows.append(["mean", *(figure(stage.miou) for stage in masks.values())])
        rows.append(["ignored", *(f"{stage.ignored_share:.1%}" for stage in masks.values())])
        best = [f"{curves[name].threshold:.2f}" if name in curves else "-" for name in masks]
        rows.append(["threshold", *best])
        view = [f"prediction: {self.view}"] if self.view else []
        return "\n".join([aligned(rows), *view, *tags])

    def write_json(self, path: str | Path) -> None:
        """Write `to_dict` to ``path``, whole or not at all."""
        write_json(path, self.to_dict())


def mask_scores(scores: Scores | SeedScores) -> Scores:
    """Return the scores of masks unchanged, and those of maps at their best threshold."""
    return scores.best if isinstance(scores, SeedScores) else scores
