"""This module scores every stage on photos with masks: maps, pseudo label, prediction."""

import logging
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass

import torch
from torch import Tensor

from getam.data import Batch, Source, read_photo
from getam.evaluation import ConfusionMatrix, SeedCurve, StageScores, TagScores, tag_scores
from getam.inference.labelling import LabelledPhoto
from getam.inference.predictor import Predictor
from getam.inference.quality import Judge, JudgedPhoto
from getam.inference.side_by_side import for_each_photo
from getam.model import Model

logger = logging.getLogger(__name__)

PREDICTION, ONE_PASS, LABEL = "prediction", "prediction, one plain pass", "pseudo label"

OnPhoto = Callable[[JudgedPhoto], None]
"""Called with a photo, its maps and masks, and what they tell about its quality."""


def score_stages(
    model: Model, source: Source, *, workers: int | None = None, on_photo: OnPhoto | None = None
) -> StageScores:
    """Score maps (best threshold and curve), pseudo labels and the prediction, over a whole split.

    Maps and pseudo labels use the image-level labels of the split, the prediction does not. It is
    made as ``getam predict`` makes it, by the model's own view. If that is more than one plain
    pass, the plain pass is scored beside it. Photos without a mask count for the tags alone; if
    none has a mask there is no stage in the result. Photos about which nothing is known count for
    the prediction alone, and one line counts them.

    Parameters
    ----------
    model
        Network, labeller and view; scores are at the photo's own size.
    source
        A split with masks; its classes are the network's.
    workers
        Number of processes that read photos.
    on_photo
        Called after every photo, for progress, pictures and quality.

    Raises
    ------
    ValueError
        If a mask does not fit its photo.
    """
    plain = None if model.view == model.view.plain() else Predictor(model, model.view.plain())
    stages = [PREDICTION] if plain is None else [ONE_PASS, PREDICTION]
    counts = StageCounts.of_classes(["background", *source.classes], stages)
    unknown = sum(record.labels is None for record in source.records)
    if unknown:
        logger.info(
            "nothing is known about %d photos of %s: only their prediction is scored",
            unknown,
            source.name,
        )
    judge = Judge(model, source)

    def predict(batch: Batch) -> tuple[JudgedPhoto, dict[str, Tensor]]:
        judged = judge(batch)
        masks = {PREDICTION: judged.prediction.mask}
        record = judge.records[judged.photo.id]
        if record.mask is not None and plain is not None:
            masks[ONE_PASS] = plain(read_photo(record.image)).mask
        return judged, masks

    predicted = for_each_photo(predict, model, source, crf=model.view.crf, workers=workers)
    with closing(predicted):  # an error below gives torch its threads back at once
        for judged, masks in predicted:
            record = judge.records[judged.photo.id]
            if record.mask is not None:
                truth = torch.from_numpy(source.read_truth(record))
                counts.update(masks, truth)
                if record.labels is not None:
                    counts.update_labels(judged.photo, truth)
            counts.tags.append(judged.prediction.class_probabilities)
            if on_photo:
                on_photo(judged)
    return counts.scores(view=str(model.view), tags=score_tags(counts.tags, source))


def score_tags(class_probabilities: Sequence[Tensor], source: Source) -> TagScores:
    """Score what the network says of each photo [C], in the order of the source."""
    labels, known = (
        torch.stack([torch.from_numpy(vector(record)) for record in source.records])
        for vector in (source.label_vector, source.known_vector)
    )
    likely = torch.stack(list(class_probabilities))
    return tag_scores(likely, labels, list(source.classes), known=known > 0)


@dataclass
class StageCounts:
    """Stage counts hold what is counted of every stage over a split."""

    names: Sequence[str]
    curves: dict[str, SeedCurve]
    matrices: dict[str, ConfusionMatrix]
    tags: list[Tensor]
    began: float

    @classmethod
    def of_classes(cls, names: Sequence[str], predictions: Sequence[str]) -> "StageCounts":
        """Begin to count; ``names`` has background first."""
        curves = {"raw map": SeedCurve(names), "refined map": SeedCurve(names)}
        matrices = {name: ConfusionMatrix(len(names)) for name in (LABEL, *predictions)}
        return cls(names, curves, matrices, [], time.monotonic())

    def update_labels(self, photo: LabelledPhoto, truth: Tensor) -> None:
        """Count a photo's maps and label against its truth [H, W]."""
        maps = {"raw map": photo.activation_maps, "refined map": photo.refined_maps}
        for name, curve in self.curves.items():
            curve.update(photo.maps_at_photo_size(maps[name]).cpu(), photo.classes, truth)
        self.update({LABEL: photo.label_at_photo_size().cpu()}, truth)

    def update(self, masks: dict[str, Tensor], truth: Tensor) -> None:
        """Count masks by the name of their stage against the truth [H, W]."""
        for name, mask in masks.items():
            self.matrices[name].update(truth, mask)

    def scores(self, *, view: str, tags: TagScores) -> StageScores:
        """Return what the counts say, in the order the stages run; a stage of no photo has none."""
        stages = StageScores(view=view, tags=tags)
        if self.matrices[LABEL].images:
            for name, curve in self.curves.items():
                stages.add(name, curve.scores())
        seconds = time.monotonic() - self.began
        for name, matrix in self.matrices.items():
            if matrix.images:
                stages.add(name, matrix.scores(self.names, seconds=seconds))
        return stages
