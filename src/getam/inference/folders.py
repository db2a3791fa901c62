"""This module turns folders of photos into folders of masks, pseudo labels or maps."""

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from getam.data import Source, photo_loader
from getam.evaluation import ConfusionMatrix, Scores, read_mask
from getam.files import whole_file
from getam.inference.labelling import label_photos
from getam.inference.predictor import Predictor
from getam.model import Model
from getam.outputs import OutputFolder
from getam.places import class_parts
from getam.progress import counted
from getam.pseudo_label import Proposer, snap
from getam.report import blend, overlay, save_mask
from getam.vocabulary import BACKGROUND, IGNORE


def output_folder(
    out: str | Path,
    source: Source,
    command: Mapping[str, Any],
    *,
    inputs: Iterable[Path] = (),
    files: Iterable[Path] = (),
    overwrite: bool = False,
) -> OutputFolder:
    """Open the output folder of a command for the photos of a source.

    Parameters
    ----------
    out
        The folder.
    source
        The photos; their masks and saliency maps are inputs too.
    command, inputs, files, overwrite
        As :class:`getam.outputs.OutputFolder`.

    Raises
    ------
    FileExistsError, ValueError
        As :class:`getam.outputs.OutputFolder`.
    """
    return OutputFolder(
        out,
        command,
        photos={record.id: record.image for record in source.records},
        inputs=[*inputs, *files_of(source)],
        files=files,
        overwrite=overwrite,
    )


def files_of(source: Source) -> list[Path]:
    """Return every file that the records of a source name."""
    files = [path for r in source.records for path in (r.image, r.mask, r.saliency)]
    return [path for path in files if path is not None]


def not_done(source: Source, out: OutputFolder) -> Source:
    """Return the source without the photos whose outputs are in the folder already."""
    records = tuple(record for record in source.records if record.id not in out.done)
    return replace(source, records=records)


def file_values(classes: dict[str, int]) -> Tensor:
    """Return a table from training numbers (0, class + 1, 255) to values of mask files, uint8."""
    table = torch.full((256,), IGNORE, dtype=torch.uint8)
    table[BACKGROUND] = BACKGROUND
    table[1 : len(classes) + 1] = torch.tensor(list(classes.values()), dtype=torch.uint8)
    return table


def predict_folder(
    predictor: Predictor,
    source: Source,
    out: OutputFolder,
    *,
    overlays: bool = False,
    workers: int | None = None,
) -> None:
    """Write a palette PNG per photo, of its own size and under its own id.

    Parameters
    ----------
    predictor
        What segments.
    source
        The photos, from :func:`getam.data.list_photos` or :func:`getam.data.open_source`.
    out
        Receives ``ID.png``, whose values are those of the training data's own masks.
    overlays
        Write ``ID.overlay.jpg`` too: the photo with the mask's colours.
    workers
        Processes that read photos.
    """
    table = file_values(predictor.classes)
    source = not_done(source, out)
    loader = photo_loader(source, workers=workers)
    with ThreadPoolExecutor(2) as writers, counted("photos", len(source)) as advance:
        written = []
        for batch in loader:
            mask = table[predictor(batch.image[0]).mask.long()]
            picture = blend(batch.image[0], mask) if overlays else None
            written.append(writers.submit(_write_mask, out, batch.ids[0], mask, picture))
            advance()
        for each in written:
            each.result()  # a full disk must not pass unseen


def _write_mask(out: OutputFolder, place: str, mask: Tensor, picture: Image.Image | None) -> None:
    files = [out.file(place, ".png")]
    save_mask(files[0], mask)
    if picture is not None:
        files.append(save_picture(picture, out.file(place, ".overlay.jpg")))
    out.record(place, files)


def label_folder(
    model: Model,
    source: Source,
    out: OutputFolder,
    *,
    proposer: Proposer | None = None,
    workers: int | None = None,
) -> Scores | None:
    """Write the pseudo label of every photo as a palette PNG of the photo's own size.

    Photos about which nothing is known are left out, and one line counts them.

    Parameters
    ----------
    model
        Network and labeller.
    source
        The photos with their tags; the classes must be those of the model, in the same order.
    out
        Receives ``ID.png``, whose values are those of the training data's own masks.
    proposer
        What proposes the masks that labels are snapped to; see :func:`getam.pseudo_label.snap`.
    workers
        Processes that read photos.

    Returns
    -------
    Scores or None
        Against the source's masks where it has any; they are only scored.

    Raises
    ------
    ValueError
        If nothing is known about any of the photos, or if proposals do not fit their photo.
    """
    table = file_values(model.classes)
    source = source.with_known_labels()
    todo = not_done(source, out)
    records = {record.id: record for record in todo.records}
    photos = label_photos(model, todo, workers=workers)
    with counted("photos", len(todo)) as advance:
        for photo in photos:
            path = out.file(photo.id, ".png")
            label = photo.label_at_photo_size().cpu()
            if proposer is not None:
                masks = proposer(records[photo.id])
                label = torch.from_numpy(snap(label.numpy(), masks))
            save_mask(path, table[label.long()])
            out.record(photo.id, [path])
            advance()
    return score_labels(source, out, table) if source.has_truth else None


def score_labels(source: Source, out: OutputFolder, table: Tensor) -> Scores:
    """Score the pseudo labels in a folder, those of an earlier run too.

    Parameters
    ----------
    source
        Photos of which some have masks.
    out
        Holds ``ID.png`` of every photo.
    table
        From :func:`file_values`.
    """
    names = ["background", *source.classes]
    numbers = torch.full((256,), IGNORE, dtype=torch.uint8)
    numbers[table[: len(names)].long()] = torch.arange(len(names), dtype=torch.uint8)
    matrix = ConfusionMatrix(len(names))
    for record in source.records:
        if record.mask is not None:
            label = numbers[read_mask(out.file(record.id, ".png")).long()]
            matrix.update(torch.from_numpy(source.read_truth(record)), label)
    return matrix.scores(names)


def maps_folder(
    model: Model, source: Source, out: OutputFolder, *, workers: int | None = None
) -> None:
    """Write the maps of every photo's labels: ``ID.npz`` and one ``ID.CLASS.jpg`` overlay each.

    The ``.npz`` holds ``classes`` [K] names, ``activation_maps`` and ``refined_maps``
    float16 [K, H, W] in 0..1 at the network's input size. Photos about which nothing is known are
    left out, and one line counts them.

    Raises
    ------
    ValueError
        If nothing is known about any of the photos.
    """
    names = list(model.classes)
    parts = class_parts(names)
    source = not_done(source.with_known_labels(), out)
    photos = label_photos(model, source, workers=workers)
    with counted("photos", len(source)) as advance:
        for photo in photos:
            arrays = {
                "classes": np.array([names[c] for c in photo.classes]),
                "activation_maps": photo.activation_maps.cpu().half().numpy(),
                "refined_maps": photo.refined_maps.cpu().half().numpy(),
            }
            files = [save_arrays(out.file(photo.id, ".npz"), arrays)]
            for c, refined in zip(photo.classes, photo.refined_maps.cpu(), strict=True):
                picture = overlay(photo.image.cpu(), refined)
                files.append(save_picture(picture, out.file(photo.id, f".{parts[c]}.jpg")))
            out.record(photo.id, files)
            advance()


def save_arrays(path: Path, arrays: Mapping[str, Any]) -> Path:
    """Write an ``.npz``, whole or not at all, and return its path."""
    with whole_file(path) as temporary:
        np.savez_compressed(temporary, **arrays)
    return path


def save_picture(picture: Image.Image, path: Path) -> Path:
    """Write a picture, whole or not at all, and return its path."""
    with whole_file(path) as temporary:
        picture.save(temporary, quality=90)  # PNG has no quality and takes no notice
    return path


def predicted_classes(
    predictor: Predictor, source: Source, *, threshold: float = 0.5
) -> list[Sequence[str]]:
    """Return the classes that the network sees in each photo, at least the most likely one."""
    names = list(predictor.classes)
    found: list[Sequence[str]] = []
    with counted("classifying", len(source)) as advance:
        for batch in photo_loader(source):
            prediction = predictor(batch.image[0])
            found.append([names[c] for c in prediction.seen(threshold=threshold)])
            advance()
    return found
