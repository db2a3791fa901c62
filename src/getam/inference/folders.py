"""Folders of photos in, folders of masks, pseudo labels or maps out; each file whole."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from getam.data import Source, photo_loader
from getam.evaluation import ConfusionMatrix, Scores
from getam.files import whole_file
from getam.inference.labelling import label_photos
from getam.inference.predictor import Predictor
from getam.model import Model
from getam.progress import counted
from getam.report import blend, overlay, save_mask
from getam.vocabulary import BACKGROUND, IGNORE


def new_folder(out: str | Path, *, overwrite: bool = False) -> Path:
    """The output folder, refused if there is something in it already.

    Raises
    ------
    FileExistsError
        If it is not empty and ``overwrite`` is off, or is a file.
    """
    out = Path(out)
    if out.exists() and (not out.is_dir() or (any(out.iterdir()) and not overwrite)):
        raise FileExistsError(
            f"out: {out} is not empty: choose another folder, or replace files with --overwrite"
        )
    out.mkdir(parents=True, exist_ok=True)
    return out


def file_values(classes: dict[str, int]) -> Tensor:
    """Table from training numbers (0, class + 1, 255) to the values of the mask files, uint8."""
    table = torch.full((256,), IGNORE, dtype=torch.uint8)
    table[BACKGROUND] = BACKGROUND
    table[1 : len(classes) + 1] = torch.tensor(list(classes.values()), dtype=torch.uint8)
    return table


def predict_folder(
    predictor: Predictor,
    source: Source,
    out: Path,
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
        Write ``ID_overlay.jpg`` too: the photo with the mask's colours.
    workers
        Processes that read photos.
    """
    table = file_values(predictor.classes)
    loader = photo_loader(source, workers=workers)
    with ThreadPoolExecutor(2) as writers, counted("photos", len(source)) as advance:
        written = []
        for batch in loader:
            mask = table[predictor(batch.image[0]).mask.long()]
            written.append(writers.submit(save_mask, out / f"{batch.ids[0]}.png", mask))
            if overlays:
                picture = blend(batch.image[0], mask)
                with whole_file(out / f"{batch.ids[0]}_overlay.jpg") as path:
                    picture.save(path, quality=90)
            advance()
        for each in written:
            each.result()  # a full disk must not pass unseen


def label_folder(
    model: Model, source: Source, out: Path, *, workers: int | None = None
) -> Scores | None:
    """Write the pseudo label of every photo as a palette PNG of the photo's own size.

    Returns
    -------
    Scores or None
        Against the source's masks where it has any; they are only scored.
    """
    table = file_values(model.classes)
    names = ["background", *model.classes]
    records = {record.id: record for record in source.records}
    matrix = ConfusionMatrix(len(names))
    photos = label_photos(model, source, workers=workers)
    with counted("photos", len(source)) as advance:
        for photo in photos:
            label = photo.label_at_photo_size().cpu()
            save_mask(out / f"{photo.id}.png", table[label.long()])
            if records[photo.id].mask is not None:
                matrix.update(torch.from_numpy(source.read_truth(records[photo.id])), label)
            advance()
    return matrix.scores(names) if matrix.images else None


def maps_folder(model: Model, source: Source, out: Path, *, workers: int | None = None) -> None:
    """Write the maps of every photo's labels: ``ID.npz`` and one ``ID_CLASS.jpg`` overlay each.

    The ``.npz`` holds ``classes`` [K] names, ``activation_maps`` and ``refined_maps``
    float16 [K, H, W] in 0..1 at the network's input size.
    """
    names = list(model.classes)
    photos = label_photos(model, source, workers=workers)
    with counted("photos", len(source)) as advance:
        for photo in photos:
            present = [names[c] for c in photo.classes]
            with whole_file(out / f"{photo.id}.npz") as path:
                np.savez_compressed(
                    path,
                    classes=np.array(present),
                    activation_maps=photo.activation_maps.cpu().half().numpy(),
                    refined_maps=photo.refined_maps.cpu().half().numpy(),
                )
            for name, refined in zip(present, photo.refined_maps.cpu(), strict=True):
                with whole_file(out / f"{photo.id}_{name}.jpg") as path:
                    overlay(photo.image.cpu(), refined).save(path, quality=90)
            advance()


def predicted_classes(
    predictor: Predictor, source: Source, *, threshold: float = 0.5
) -> list[Sequence[str]]:
    """Names of the classes that the network sees in each photo, at least the most likely one."""
    names = list(predictor.classes)
    found: list[Sequence[str]] = []
    with counted("classifying", len(source)) as advance:
        for batch in photo_loader(source):
            likely = predictor(batch.image[0]).class_probabilities
            present = [names[c] for c in (likely > threshold).nonzero()[:, 0].tolist()]
            found.append(present or [names[int(likely.argmax())]])
            advance()
    return found
