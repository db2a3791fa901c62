"""This module makes the cards of the gallery: a photo with everything that was found in it."""

from collections.abc import Iterator, Mapping

import numpy as np
import torch

from getam.data import Record, Source, read_saliency
from getam.evaluation import PhotoSigns, average, percent, true_overlap
from getam.inference import JudgedPhoto, LabelledPhoto, judge_photos
from getam.model import Model
from getam.progress import counted
from getam.report import Card, Stage, colours_of, map_uri, mask_uri, photo_uri
from getam.vocabulary import IGNORE


def cards(
    model: Model, parts: Mapping[str, Source], *, workers: int | None = None
) -> Iterator[tuple[JudgedPhoto, Card]]:
    """Judge the photos of a gallery one by one, and yield each with its card."""
    with counted("photos of the report", sum(map(len, parts.values()))) as advance:
        for part, source in parts.items():
            records = {record.id: record for record in source.records}
            for judged in judge_photos(model, source, workers=workers):
                yield judged, card(judged, records[judged.photo.id], source, part=part)
                advance()


def card(judged: JudgedPhoto, record: Record, source: Source, *, part: str) -> Card:
    """Return the card of one photo."""
    photo, signs = judged.photo, judged.signs
    truth = source.read_truth(record) if record.mask is not None else None
    names = list(source.classes)
    doubt = signs.doubt
    shown = dict(enumerate(names, start=1))
    stages = [*stages_of(judged, record, names)]
    if truth is not None:
        stages.append(Stage("True mask, drawn by a person", "mask", mask_uri(truth)))
    return Card(
        name=record.id,
        photo=photo_uri(photo.image.cpu()),
        size=photo.size[::-1],
        stages=stages,
        tags=record.labels or (),
        colours=colours_of({**visible(judged, shown), IGNORE: "undecided or not counted"}),
        part=part,
        quality=signs.quality,
        doubt=doubt.kind,
        reason=doubt.reason,
        overlap=None if truth is None else overlap_of(photo, truth),
        facts=figures(signs),
    )


def overlap_of(photo: LabelledPhoto, truth: np.ndarray) -> float | None:
    """Return the mean true overlap of the pseudo label; None if the photo has no tag."""
    label = photo.label_at_photo_size().cpu()
    found = true_overlap(label, torch.from_numpy(truth), photo.classes)
    return average(found.values()) if found else None


def stages_of(judged: JudgedPhoto, record: Record, names: list[str]) -> Iterator[Stage]:
    """Yield the pictures of a photo, from the photo itself to the mask of the trained network."""
    photo = judged.photo
    yield Stage("Photo")
    maps_of = {
        "First hint (activation map)": photo.activation_maps,
        "Refined hint (refined map)": photo.refined_maps,
    }
    for title, maps in maps_of.items():
        for number, plane in zip(photo.classes, maps.cpu(), strict=True):
            yield Stage(f"{title}: {names[number]}", "map", map_uri(plane))
    if record.saliency is not None:
        size = (photo.image.shape[-2], photo.image.shape[-1])
        saliency = read_saliency(record.saliency, size)[0] / 255
        yield Stage("What stands out (saliency)", "map", map_uri(saliency))
    yield Stage("Mask made from the tags (pseudo label)", "mask", mask_uri(photo.label.cpu()))
    yield Stage("Mask of the trained network", "mask", mask_uri(judged.prediction.mask))


def figures(signs: PhotoSigns) -> dict[str, str]:
    """Return the signs of a photo as text, by names that need no special knowledge."""
    words = {
        "probability": "probability that the photo shows it",
        "label_told": "pseudo label and the network's mask agree by",
        "label_prediction": "the same, when the network is not told the tags",
        "map_label": "refined hint and pseudo label agree by",
        "area": "share of the photo that the pseudo label covers",
        "coverage": "share of the photo that the hint covers",
        "entropy": "how evenly the hint is spread",
    }
    return {
        "left undecided": percent(signs.undecided),
        **{
            f"{name}: {word}": percent(getattr(sign, key))
            for name, sign in signs.tagged.items()
            for key, word in words.items()
        },
        **{
            f"{name}, which is no tag: probability": percent(p)
            for name, p in signs.untagged.items()
        },
    }


def visible(judged: JudgedPhoto, names: Mapping[int, str]) -> dict[int, str]:
    """Return the classes that the masks of a photo show, or that its tags name, by mask value."""
    values = {*judged.photo.label.unique().tolist(), *judged.prediction.mask.unique().tolist()}
    tagged = {number + 1 for number in judged.photo.classes}
    return {number: name for number, name in names.items() if number in values | tagged}
