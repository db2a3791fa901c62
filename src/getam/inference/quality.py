"""This module lets a trained network judge the masks and tags of photos, without true masks.

The formulas are in `getam.evaluation.quality`. A run keeps the results in ``quality.json``.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from getam.data import Batch, Record, Source, read_photo
from getam.evaluation import ClassSigns, PhotoSigns, poor_masks
from getam.files import write_text
from getam.inference.labelling import LabelledPhoto, label_batch
from getam.inference.predictor import Prediction, Predictor
from getam.inference.side_by_side import for_each_photo
from getam.json_object import json_object
from getam.model import Model
from getam.vocabulary import BACKGROUND, IGNORE

QUALITY = "quality.json"
"""The file of a run that holds the signs of its photos."""

TRAINED_ON, NOT_TRAINED_ON, GIVEN = "trained on", "not trained on", "given by --data"
"""The parts of the photos of a run, and the name of photos that do not belong to it."""


@dataclass(frozen=True)
class JudgedPhoto:
    """A judged photo is a photo with its maps, its masks and its signs of quality.

    Attributes
    ----------
    photo
        The photo with its maps and its pseudo label.
    prediction
        The mask of the network, which was told nothing about the photo.
    signs
        The signs that tell how good its masks and tags are.
    """

    photo: LabelledPhoto
    prediction: Prediction
    signs: PhotoSigns


def judge_photos(
    model: Model, source: Source, *, workers: int | None = None
) -> Iterator[JudgedPhoto]:
    """Label, segment and judge the photos of a source one by one, in its order.

    Whoever does not use up the generator closes it; until then torch has fewer threads.

    Parameters
    ----------
    model
        The trained model; maps and pseudo labels are made from the tags of the photos.
    source
        The photos; its classes are the model's.
    workers
        Number of processes that read photos.
    """
    judge = Judge(model, source)
    yield from for_each_photo(judge, model, source, crf=model.view.crf, workers=workers)


class Judge:
    """A judge makes the maps, the masks and the signs of one photo.

    Several threads may call it at once.

    Parameters
    ----------
    model
        The trained model.
    source
        The photos; its classes are the model's.
    """

    def __init__(self, model: Model, source: Source) -> None:
        self.model, self.predictor = model, Predictor(model)
        self.records = {record.id: record for record in source.records}

    def __call__(self, batch: Batch) -> JudgedPhoto:
        """Judge the photo of a batch of one, as `photos_for` reads it."""
        photo = label_batch(self.model, batch)
        record = self.records[photo.id]
        names = list(self.model.classes)
        tags = [names[number] for number in photo.classes]
        prediction, told = self.predictor.untold_and_told(read_photo(record.image), tags)
        signs = signs_of(photo, record, prediction=prediction, told=told)
        return JudgedPhoto(photo, prediction, signs)


def signs_of(
    photo: LabelledPhoto, record: Record, *, prediction: Prediction, told: Prediction
) -> PhotoSigns:
    """Collect the signs of a photo.

    Parameters
    ----------
    photo
        The photo with its maps and its pseudo label.
    record
        The record of the photo, which names its tags and the classes that may or may not be in it.
    prediction, told
        The mask of the network that was told nothing, and of the one that was told the tags.
    """
    label = photo.label_at_photo_size().cpu()
    refined = photo.maps_at_photo_size(photo.refined_maps).cpu()
    names = prediction.classes
    likely = dict(zip(names, prediction.class_probabilities.tolist(), strict=True))
    tagged = {
        names[number]: ClassSigns.of(
            number,
            plane,
            label=label,
            told=told.mask,
            prediction=prediction.mask,
            probability=likely[names[number]],
        )
        for number, plane in zip(photo.classes, refined, strict=True)
    }
    known = names if record.labels is not None else ()
    untagged = [name for name in known if name not in tagged and name not in record.unknown]
    return PhotoSigns(
        photo.id,
        tagged,
        {name: likely[name] for name in untagged},
        undecided=share(label == IGNORE),
        background=share(prediction.mask == BACKGROUND),
    )


def share(pixels: torch.Tensor) -> float:
    """Return the share of the pixels of a mask that are True."""
    return float(pixels.float().mean())


def write_quality(path: Path, parts: Mapping[str, Sequence[PhotoSigns]]) -> None:
    """Write the signs of photos as JSON, whole or not at all.

    Parameters
    ----------
    path
        The file.
    parts
        The signs by what the run did with the photos, such as "trained on".
    """
    content = {name: [signs.to_dict() for signs in photos] for name, photos in parts.items()}
    write_text(path, json.dumps(content, indent=1, ensure_ascii=False))


def warning_of(folder: Path) -> str | None:
    """Return what a run said of its masks, None if it said nothing or if its file is damaged.

    Parameters
    ----------
    folder
        A model folder. One that is no run folder has no such file.
    """
    try:
        parts = read_quality(folder / QUALITY)
    except ValueError:
        return None
    return poor_masks(signs for photos in parts.values() for signs in photos)


def read_quality(path: Path) -> dict[str, list[PhotoSigns]]:
    """Return what `write_quality` wrote, or nothing if there is no such file.

    Raises
    ------
    ValueError
        If the file is damaged.
    """
    if not path.is_file():
        return {}
    content = json_object(path.read_text(encoding="utf-8", errors="replace"), origin=path)
    try:
        return {name: [PhotoSigns.from_dict(s) for s in photos] for name, photos in content.items()}
    except (KeyError, TypeError, AttributeError) as error:
        reason = f"{type(error).__name__}: {error}"
        raise ValueError(f"{path} was not written by getam quality ({reason})") from None
