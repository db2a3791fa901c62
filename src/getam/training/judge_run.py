"""This module scores and judges a finished run: ``scores.json`` and ``quality.json``."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from getam.data import Record, Source
from getam.evaluation import PhotoSigns, StageScores
from getam.inference import (
    NOT_TRAINED_ON,
    QUALITY,
    TRAINED_ON,
    AssessedPhoto,
    assess_photos,
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
    """Score every stage on a split, or its tags alone if it has no masks, into ``scores.json``.

    A picture of its first photos is written beside. The signs of its photos are returned too.
    """
    shown: list[AssessedPhoto] = []
    signs: list[PhotoSigns] = []
    with counted("scoring", len(val)) as advance:

        def on_photo(assessed: AssessedPhoto) -> None:
            advance()
            signs.append(assessed.signs)
            if len(shown) < SHOWN:
                shown.append(assessed)

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
) -> None:
    """Judge masks and tags of some training photos beside the held-out ones: ``quality.json``."""
    some = replace(source, records=evenly(source.records, JUDGED))
    if len(some) < len(source):
        logger.info(
            "quality.json holds %d of %d training photos; getam quality judges all of them",
            *(len(some), len(source)),
        )
    with counted("judging", len(some)) as advance:
        signs = []
        for assessed in assess_photos(model, some, workers=workers):
            signs.append(assessed.signs)
            advance()
    write_quality(folder / QUALITY, {NOT_TRAINED_ON: held_out, TRAINED_ON: signs})


def evenly(records: Sequence[Record], most: int) -> tuple[Record, ...]:
    """Return at most so many records, at even distances."""
    count = min(most, len(records))
    return tuple(records[number * len(records) // count] for number in range(count))
