"""This module shows why a classifier named a class: the maps of several methods side by side."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from getam.activation import activation_maps, lookup_method, unit_range
from getam.data import Source, read_photo
from getam.explain.class_names import short_names
from getam.explain.classifier import Classifier
from getam.inference.folders import not_done, save_arrays, save_picture
from getam.outputs import OutputFolder
from getam.places import class_parts
from getam.progress import counted
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
) -> None:
    """Explain every photo of a source.

    Writes, for a photo ``ID``: ``ID.npz`` with ``classes`` [K] names, ``indices`` [K],
    ``probabilities`` [K] and for each method its maps, float32 [K, h, w] in 0..1;
    ``ID.CLASS.METHOD.jpg``, one overlay each; ``ID.png``, a sheet with a row per class and a
    column per method.

    Parameters
    ----------
    source
        The photos, from :func:`getam.data.list_photos`.
    out
        Receives the files; photos that it holds already are passed over.
    classifier, methods, classes, top, first_block, affinity
        As :func:`explain`.
    """
    for method in methods:
        lookup_method(method)
    names = short_names(classifier.names)
    parts = class_parts(names)
    source = not_done(source, out)
    with counted("photos", len(source)) as advance:
        for record in source.records:
            explanation = explain(
                classifier,
                read_photo(record.image),
                methods=methods,
                classes=classes,
                top=top,
                first_block=first_block,
                affinity=affinity,
            )
            files = write_explanation(explanation, names, parts, out.file(record.id, ""))
            out.record(record.id, files)
            advance()


def write_explanation(
    explanation: Explanation, names: Sequence[str], parts: Sequence[str], stem: Path
) -> list[Path]:
    """Write the files of one photo, each whole, and return their paths.

    Parameters
    ----------
    explanation
        Of the photo.
    names, parts
        Of all classes: as they are shown, and as parts of file names.
    stem
        The path of the files up to the ending.
    """
    shown = [names[index] for index in explanation.classes]
    arrays: dict[str, Any] = {method: maps.numpy() for method, maps in explanation.maps.items()}
    arrays |= {"classes": np.array(shown), "indices": np.array(explanation.classes)}
    arrays["probabilities"] = explanation.probabilities.numpy()
    files = [save_arrays(stem.with_name(f"{stem.name}.npz"), arrays)]
    endings = class_parts(list(explanation.maps))
    rows: dict[str, list[Image.Image]] = {}
    for row, (name, share) in enumerate(zip(shown, explanation.probabilities, strict=True)):
        pictures = {
            method: overlay(explanation.picture, maps[row])
            for method, maps in explanation.maps.items()
        }
        part = parts[explanation.classes[row]]
        for ending, picture in zip(endings, pictures.values(), strict=True):
            path = stem.with_name(f"{stem.name}.{part}.{ending}.jpg")
            files.append(save_picture(picture, path))
        rows[f"{name} {share:.2f}"] = list(pictures.values())
    sheet = labelled_grid(explanation.picture, rows, columns=list(explanation.maps))
    return [*files, save_picture(sheet, stem.with_name(f"{stem.name}.png"))]
