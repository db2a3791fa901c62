"""This module shows why a classifier named a class: the maps of several methods side by side."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torchvision.transforms.v2.functional import to_pil_image

from getam.activation import activation_maps, lookup_method, unit_range
from getam.data import Batch, Record, Source
from getam.explain.class_names import short_names
from getam.explain.classifier import Classifier
from getam.inference import TOLERANT, Files, Tolerance, run_job
from getam.inference.folders import save_arrays, save_picture
from getam.outputs import OutputFolder
from getam.places import class_parts
from getam.report import labelled_grid, overlay


@dataclass(frozen=True)
class Explanation:
    """An explanation holds the maps of one photo.

    Attributes
    ----------
    picture
        float32 [3, H, W] in 0..255: the part of the photo that the model saw.
    classes
        The K class indices.
    probabilities
        float32 [K].
    maps
        By method, float32 [K, h, w] in 0..1: least value 0, greatest 1.
    """

    picture: Tensor
    classes: list[int]
    probabilities: Tensor
    maps: dict[str, Tensor]


def explain(
    classifier: Classifier,
    photo: Image.Image,
    *,
    methods: Sequence[str] = ("getam",),
    classes: Sequence[int] | None = None,
    top: int = 3,
    first_block: int = 6,
    affinity: int = 0,
) -> Explanation:
    """Explain the classes of one photo.

    Parameters
    ----------
    classifier
        From :func:`getam.inference.timm_classifier` or :func:`getam.inference.run_classifier`.
    photo
        RGB, of any size.
    methods, first_block, affinity
        As :func:`getam.activation_maps`.
    classes
        Indices; None for the most probable ones.
    top
        How many are explained when none are named.

    Raises
    ------
    ValueError
        As :func:`getam.activation_maps`.
    """
    image = classifier.view(photo)
    batch = image[None].to(next(classifier.model.parameters()).device)
    with torch.inference_mode():
        likely = classifier.probabilities(classifier.model(batch).float())[0].cpu()
    if classes is None:
        classes = likely.topk(min(top, len(likely))).indices.tolist()
    maps = {
        method: activation_maps(
            classifier.model,
            batch,
            classes=[classes],
            method=method,
            first_block=first_block,
            affinity=affinity,
        )[0]
        for method in methods
    }
    return Explanation(
        picture=classifier.picture(image),
        classes=list(classes),
        probabilities=likely[list(classes)],
        maps={method: unit_range(given).cpu() for method, given in maps.items()},
    )


def explain_folder(
    classifier: Classifier,
    source: Source,
    out: OutputFolder,
    *,
    methods: Sequence[str] = ("getam",),
    classes: Sequence[int] | None = None,
    top: int = 3,
    first_block: int = 6,
    affinity: int = 0,
    workers: int | None = None,
    tolerance: Tolerance = TOLERANT,
) -> None:
    """Explain every photo of a source.

    Writes, for a photo ``ID``: ``ID.npz`` with ``classes`` [K] names, ``indices`` [K],
    ``probabilities`` [K] and for each method its maps, float32 [K, h, w] in 0..1;
    ``ID.CLASS.METHOD.jpg``, one overlay each; ``ID.png``, a sheet with a row per class and a
    column per method. Photos that are done or that fail are treated as by
    :func:`getam.inference.predict_folder`.

    Parameters
    ----------
    source
        The photos, from :func:`getam.data.list_photos`.
    out
        Receives the files.
    classifier, methods, classes, top, first_block, affinity
        They are the same as in :func:`explain`.
    workers, tolerance
        As :func:`getam.inference.predict_folder`.

    Raises
    ------
    OSError, ValueError
        As :func:`getam.inference.run_job`, and if a method is unknown.
    """
    for method in methods:
        lookup_method(method)
    names = short_names(classifier.names)
    parts = class_parts(names)

    def explanations(_record: Record, batch: Batch) -> Files:
        explanation = explain(
            classifier,
            to_pil_image(batch.image[0]),
            methods=methods,
            classes=classes,
            top=top,
            first_block=first_block,
            affinity=affinity,
        )
        return explanation_files(explanation, names, parts)

    run_job(source, out, explanations, workers=workers, tolerance=tolerance)


def explanation_files(
    explanation: Explanation, names: Sequence[str], parts: Sequence[str]
) -> Files:
    """Return what writes the files of one photo.

    Parameters
    ----------
    explanation
        The maps of the photo.
    names, parts
        The names of all classes, as they are shown and as they stand in file names.
    """
    shown = [names[index] for index in explanation.classes]
    arrays: dict[str, Any] = {method: maps.numpy() for method, maps in explanation.maps.items()}
    arrays |= {"classes": np.array(shown), "indices": np.array(explanation.classes)}
    arrays["probabilities"] = explanation.probabilities.numpy()
    endings = class_parts(list(explanation.maps))
    overlays: dict[str, Image.Image] = {}
    rows: dict[str, list[Image.Image]] = {}
    for row, (name, share) in enumerate(zip(shown, explanation.probabilities, strict=True)):
        pictures = [overlay(explanation.picture, maps[row]) for maps in explanation.maps.values()]
        part = parts[explanation.classes[row]]
        for ending, picture in zip(endings, pictures, strict=True):
            overlays[f".{part}.{ending}.jpg"] = picture
        rows[f"{name} {share:.2f}"] = pictures
    sheet = labelled_grid(explanation.picture, rows, columns=list(explanation.maps))
    pictures_by_ending = {**overlays, ".png": sheet}
    return {
        ".npz": partial(save_arrays, arrays),
        **{end: partial(save_picture, picture) for end, picture in pictures_by_ending.items()},
    }
