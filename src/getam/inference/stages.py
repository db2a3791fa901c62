"""Scores of every stage on a split with masks: raw map, refined map, pseudo label, prediction."""

import time
from collections.abc import Callable

import torch

from getam.data import Source
from getam.evaluation import ConfusionMatrix, SeedCurve, StageScores
from getam.inference.labelling import LabelledPhoto, label_photos
from getam.inference.model import Model


def score_stages(
    model: Model,
    source: Source,
    *,
    workers: int | None = None,
    on_photo: Callable[[LabelledPhoto], None] = lambda _photo: None,
) -> StageScores:
    """Score maps (best threshold and curve), pseudo labels and the prediction, over a whole split.

    Maps and pseudo labels use the image-level labels of the split, the prediction does not.

    Parameters
    ----------
    model
        Network, labeller and input size; scores are at the photo's own size.
    source
        A split with masks; its classes are the network's.
    workers
        Processes that read photos.
    on_photo
        Called with every photo, for progress and pictures.

    Raises
    ------
    ValueError
        If no record has a mask, or a mask does not fit its photo.
    """
    records = {record.id: record for record in source.records if record.mask is not None}
    if not records:
        raise ValueError(f"{source.name} has no masks to score with")
    names = ["background", *source.classes]
    curves = {"raw map": SeedCurve(names), "refined map": SeedCurve(names)}
    matrices = {name: ConfusionMatrix(len(names)) for name in ("pseudo label", "prediction")}
    began = time.monotonic()
    for photo in label_photos(model, source, workers=workers):
        on_photo(photo)
        if photo.id not in records:
            continue
        truth = torch.from_numpy(source.read_truth(records[photo.id]))
        maps = {"raw map": photo.activation_maps, "refined map": photo.refined_maps}
        for name, curve in curves.items():
            curve.update(photo.maps_at_photo_size(maps[name]).cpu(), photo.classes, truth)
        matrices["pseudo label"].update(truth, photo.label_at_photo_size().cpu())
        matrices["prediction"].update(truth, photo.mask_at_photo_size().cpu())
    stages = StageScores()
    for name, curve in curves.items():
        stages.add(name, curve.scores())
    seconds = time.monotonic() - began
    for name, matrix in matrices.items():
        stages.add(name, matrix.scores(names, seconds=seconds))
    return stages
