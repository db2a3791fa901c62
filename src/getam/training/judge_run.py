"""This module writes ``scores.json`` and ``quality.json`` of a finished run."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from getam.data import Source, evenly
from getam.evaluation import PhotoSigns, StageScores
from getam.inference import (
    NOT_TRAINED_ON,
    QUALITY,
    TRAINED_ON,
    JudgedPhoto,
    judge_photos,
    score_stages,
    write_quality,
)
from getam.model import Model
from getam.progress import counted
from getam.training.pictures import SAMPLES, photo_sample, save_samples

logger = logging.getLogger(__name__)

SHOWN = 8  # photos on the picture of the validation split
JUDGED = 60  # training photos that a run judges by itself; docs/quality.md has the time it takes


def score_run(
    model: Model, val: Source, folder: Path, *, workers: int | None = None
) -> tuple[StageScores, list[PhotoSigns]]:
    """Score the photos to score, and write ``scores.json`` and a picture of the first few.

    If the photos have masks, every stage is scored, and otherwise only the tags are.

    Returns
    -------
    tuple of StageScores and list of PhotoSigns
        The scores, and the signs of every photo.
    """
    shown: list[JudgedPhoto] = []
    signs: list[PhotoSigns] = []
    with counted("scoring photos not trained on", len(val)) as advance:

        def on_photo(judged: JudgedPhoto) -> None:
            advance()
            signs.append(judged.signs)
            if len(shown) < SHOWN:
                shown.append(judged)

        stages = score_stages(model, val, workers=workers, on_photo=on_photo)
    stages.write_json(folder / "scores.json")
    samples = [photo_sample(each.photo, each.prediction.mask, val) for each in shown]
    save_samples(samples, val, folder / SAMPLES / "val.jpg")
    return stages, signs


def judge_run(
    model: Model,
    source: Source,
    folder: Path,
    *,
    held_out: Sequence[PhotoSigns],
    workers: int | None = None,
) -> list[PhotoSigns]:
    """Judge some of the training photos, and write ``quality.json``.

    Parameters
    ----------
    model
        The trained model.
    source
        The photos that it was trained on.
    folder
        The run folder.
    held_out
        The signs of photos that it was not trained on, which are written too.
    workers
        Number of processes that read photos.

    Returns
    -------
    list of PhotoSigns
        The signs of all photos that were judged, those held out among them.
    """
    some = replace(source, records=tuple(evenly(source.records, JUDGED)))
    if len(some) < len(source):
        logger.info(
            "quality.json holds %d of %d training photos; getam quality judges all of them",
            *(len(some), len(source)),
        )
    with counted("judging photos trained on", len(some)) as advance:
        signs = []
        for judged in judge_photos(model, some, workers=workers):
            signs.append(judged.signs)
            advance()
    write_quality(folder / QUALITY, {NOT_TRAINED_ON: held_out, TRAINED_ON: signs})
    return [*held_out, *signs]
