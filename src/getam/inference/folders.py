"""This module turns folders of photos into folders of masks, pseudo labels or maps."""

import logging
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from getam.data import Batch, Record, Source
from getam.data.class_list import CLASS_LIST, class_list
from getam.evaluation import ConfusionMatrix, Scores, read_mask
from getam.files import whole_file, write_text
from getam.inference.job import TOLERANT, Files, Tolerance, run_job
from getam.inference.labelling import LabelledPhoto, label_batch, label_photo
from getam.inference.predictor import Predictor
from getam.inference.side_by_side import lanes_on
from getam.model import Model, size_for
from getam.outputs import OutputFolder
from getam.places import class_parts
from getam.pseudo_label import Proposer, snap
from getam.report import blend, overlay, save_mask
from getam.shard import WHOLE, Shard
from getam.vocabulary import BACKGROUND, IGNORE

logger = logging.getLogger(__name__)


def output_folder(
    out: str | Path,
    source: Source,
    command: Mapping[str, Any],
    *,
    inputs: Iterable[Path] = (),
    files: Iterable[Path] = (),
    overwrite: bool = False,
    shard: Shard = WHOLE,
) -> OutputFolder:
    """Open the output folder of a command for the photos of a source.

    Parameters
    ----------
    out
        The folder.
    source
        The photos of all shards; their masks and saliency maps are inputs too.
    command, inputs, files, overwrite, shard
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
        files=[*files, Path(out) / CLASS_LIST],
        overwrite=overwrite,
        shard=shard,
    )


def files_of(source: Source) -> list[Path]:
    """Return every file that the records of a source name."""
    files = [path for r in source.records for path in (r.image, r.mask, r.saliency)]
    return [path for path in files if path is not None]


def file_values(classes: dict[str, int]) -> Tensor:
    """Return a table from training numbers (0, class + 1, 255) to values of mask files, uint8."""
    table = torch.full((256,), IGNORE, dtype=torch.uint8)
    table[BACKGROUND] = BACKGROUND
    table[1 : len(classes) + 1] = torch.tensor(list(classes.values()), dtype=torch.uint8)
    return table


def in_file_values(mask: Tensor, table: Tensor) -> Tensor:
    """Return a mask of training numbers, uint8 [H, W], in the values of a table of `file_values`.

    An index of torch has eight bytes: for a photo of 48 megapixels, these would fill 0.4 GB.
    """
    return torch.from_numpy(table.numpy()[mask.numpy()])


def write_class_list(out: OutputFolder, classes: Mapping[str, int]) -> None:
    """Write ``classes.txt``, which says for every value of the masks which class it is."""
    write_text(out.path / CLASS_LIST, class_list(classes))


def training_numbers(table: Tensor, *, count: int) -> Tensor:
    """Return the table from values of mask files to ``count`` training numbers, 255 for the rest.

    Parameters
    ----------
    table
        The table that `file_values` returned, or its beginning.
    count
        The number of classes, background included.
    """
    numbers = torch.full((256,), IGNORE, dtype=torch.uint8)
    numbers[table[:count].long()] = torch.arange(count, dtype=torch.uint8)
    return numbers


def predict_folder(
    predictor: Predictor,
    source: Source,
    out: OutputFolder,
    *,
    overlays: bool = False,
    workers: int | None = None,
    tolerance: Tolerance = TOLERANT,
) -> None:
    """Write a palette PNG per photo, of its own size and under its own id.

    Photos whose masks are in the folder already are passed over. Photos that fail are recorded, and
    the others go on; afterwards, ``out.done`` and ``out.failed`` tell which is which.

    Parameters
    ----------
    predictor
        The predictor that segments the photos.
    source
        The photos, from :func:`getam.data.list_photos` or :func:`getam.data.open_source`.
    out
        Receives ``classes.txt`` and ``ID.png``, whose values are those of the training data's own
        masks. If it was opened with a shard, only the photos of this shard are done.
    overlays
        Write ``ID.overlay.jpg`` too: the photo with the mask's colours.
    workers
        Processes that read photos.
    tolerance
        How many photos may fail, and how long the reading of one may take.

    Raises
    ------
    OSError, ValueError
        As :func:`getam.inference.run_job`.
    """
    write_class_list(out, predictor.classes)
    work = MaskWork(predictor, overlays=overlays)
    run_job(source, out, work, workers=workers, tolerance=tolerance, lanes=predictor.lanes)
    if empty := work.shown.count(False):
        logger.warning("%d of %d masks show nothing but background", empty, len(work.shown))


class MaskWork:
    """This is the work of `predict_folder` on one photo; several threads may call it at once.

    Parameters
    ----------
    predictor
        The predictor that segments the photo.
    overlays
        Whether to write the photo with the colours of its mask, too.

    Attributes
    ----------
    shown
        For each mask that was made, whether it shows a class.
    """

    def __init__(self, predictor: Predictor, *, overlays: bool = False) -> None:
        self.predictor, self.overlays = predictor, overlays
        self.table = file_values(predictor.classes)
        self.shown: list[bool] = []

    def __call__(self, _record: Record, batch: Batch) -> Files:
        """Segment a photo, and return what writes its files."""
        photo = batch.image[0]
        mask = in_file_values(self.predictor(photo).mask, self.table)
        self.shown.append(bool(mask.any()))  # one step, so no thread loses the count of another
        files: Files = {".png": partial(save_mask, mask=mask)}
        if not self.overlays:
            return files
        return {**files, ".overlay.jpg": partial(save_picture, blend(photo, mask))}


def label_folder(
    model: Model,
    source: Source,
    out: OutputFolder,
    *,
    proposer: Proposer | None = None,
    overlays: bool = False,
    workers: int | None = None,
    tolerance: Tolerance = TOLERANT,
) -> Scores | None:
    """Write the pseudo label of every photo as a palette PNG of the photo's own size.

    Photos about which nothing is known are left out, and one line counts them. Photos that are
    done or that fail are treated as by :func:`predict_folder`.

    Parameters
    ----------
    model
        Network and labeller.
    source
        The photos with their tags; the classes must be those of the model, in the same order.
    out
        Receives ``classes.txt`` and ``ID.png``, whose values are those of the training data's own
        masks.
    proposer
        What proposes the masks that labels are snapped to; see :func:`getam.pseudo_label.snap`.
    overlays
        Write ``ID.overlay.jpg`` too: the photo, as large as the network sees it, with the colours
        of its label.
    workers, tolerance
        They are those of :func:`predict_folder`.

    Returns
    -------
    Scores or None
        Against the source's masks where the photos of the shard have any; they are only scored.

    Raises
    ------
    OSError, ValueError
        As :func:`getam.inference.run_job`, and if nothing is known about any of the photos.
    """
    table = file_values(model.classes)
    source = source.with_known_labels()

    def labels(record: Record, batch: Batch) -> Files:
        photo = label_batch(model, batch.to(model.device))
        label = photo.label_at_photo_size().cpu()
        if proposer is not None:
            label = torch.from_numpy(snap(label.numpy(), proposer(record)))
        mask = in_file_values(label, table)
        files: Files = {".png": partial(save_mask, mask=mask)}
        if not overlays:
            return files
        return {**files, ".overlay.jpg": partial(save_picture, blend(photo.image.cpu(), mask))}

    write_class_list(out, model.classes)
    # What proposes masks, such as Segment Anything, may remember the photo that it is at.
    lanes = lanes_on(model.device) if proposer is None else 1
    size = size_for(model)
    run_job(source, out, labels, workers=workers, tolerance=tolerance, lanes=lanes, **size)
    return score_labels(source, out, table)


def score_labels(source: Source, out: OutputFolder, table: Tensor) -> Scores | None:
    """Score the pseudo labels in a folder, those of an earlier run too.

    Parameters
    ----------
    source
        Photos of which some have masks.
    out
        Holds ``ID.png`` of the photos that are done.
    table
        The table that :func:`file_values` returned.

    Returns
    -------
    Scores or None
        None if no photo that is done has a mask.
    """
    scored = [r for r in source.records if r.mask is not None and r.id in out.done]
    if not scored:
        return None
    names = ["background", *source.classes]
    numbers = training_numbers(table, count=len(names))
    matrix, faults = ConfusionMatrix(len(names)), []
    for record in scored:
        label = numbers[read_mask(out.file(record.id, ".png")).long()]
        try:
            matrix.update(torch.from_numpy(source.read_truth(record)), label)
        except (OSError, ValueError) as error:  # the labels are done, and they are what was asked
            faults.append(str(error))
    if faults:
        logger.warning(
            "%d of %d labels are not scored; the first: %s", len(faults), len(scored), faults[0]
        )
    return matrix.scores(names)


def maps_folder(
    model: Model,
    source: Source,
    out: OutputFolder,
    *,
    predictor: Predictor | None = None,
    workers: int | None = None,
    tolerance: Tolerance = TOLERANT,
) -> None:
    """Write the maps of every photo's labels: ``ID.npz`` and one ``ID.CLASS.jpg`` overlay each.

    The ``.npz`` holds ``classes`` [K] names, ``activation_maps`` and ``refined_maps``
    float16 [K, H, W] in 0..1 at the network's input size. Photos that are done or that fail are
    treated as by :func:`predict_folder`.

    Parameters
    ----------
    model
        Network and labeller.
    source
        The photos; the classes must be those of the model, in the same order.
    out
        Receives the files.
    predictor
        What says which classes each photo shows, in place of its labels. None takes the labels;
        photos about which nothing is known are then left out, and one line counts them.
    workers, tolerance
        They are those of :func:`predict_folder`.

    Raises
    ------
    OSError, ValueError
        As :func:`getam.inference.run_job`, and if nothing is known about any of the photos.
    """
    parts = class_parts(list(model.classes))

    size = size_for(model) if predictor is None else {}  # a predictor looks at the whole photo
    source = source.with_known_labels() if predictor is None else source

    def maps(_record: Record, batch: Batch) -> Files:
        if predictor is None:
            photo = label_batch(model, batch.to(model.device))
        else:
            photo = label_photo(model, batch.image[0], predictor(batch.image[0]).seen())
        return map_files(photo, model, parts)

    lanes = lanes_on(model.device) if predictor is None else predictor.lanes
    run_job(source, out, maps, workers=workers, tolerance=tolerance, lanes=lanes, **size)


def map_files(photo: LabelledPhoto, model: Model, parts: list[str]) -> Files:
    """Return what writes the maps of a photo.

    Parameters
    ----------
    photo
        The photo with its maps.
    model
        The model that made them.
    parts
        The classes of the model as parts of file names.
    """
    names = list(model.classes)
    arrays = {
        "classes": np.array([names[c] for c in photo.classes]),
        "activation_maps": photo.activation_maps.cpu().half().numpy(),
        "refined_maps": photo.refined_maps.cpu().half().numpy(),
    }
    image = photo.image.cpu()
    pictures = {
        f".{parts[c]}.jpg": partial(save_picture, overlay(image, refined))
        for c, refined in zip(photo.classes, photo.refined_maps.cpu(), strict=True)
    }
    return {".npz": partial(save_arrays, arrays), **pictures}


def save_arrays(arrays: Mapping[str, Any], path: Path) -> None:
    """Write an ``.npz``, whole or not at all."""
    with whole_file(path) as temporary:
        np.savez_compressed(temporary, **arrays)


def save_picture(picture: Image.Image, path: Path) -> None:
    """Write a picture, whole or not at all."""
    with whole_file(path) as temporary:
        picture.save(temporary, quality=90)  # PNG has no quality and takes no notice
