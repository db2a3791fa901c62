"""This module turns what training saw into rows of a picture."""

from collections.abc import Sequence
from pathlib import Path

from torch import Tensor

from getam.data import Batch, Source
from getam.files import whole_file
from getam.inference import LabelledPhoto
from getam.report import Sample, sample_sheet
from getam.training.step import StepOutput

SAMPLES = "samples"  # folder of pictures in a run
SHOWN = 6  # photos of a batch


def batch_samples(batch: Batch, output: StepOutput, *, names: Sequence[str]) -> list[Sample]:
    """Return the first photos of a batch with what the step made of them, those with tags first."""
    samples = []
    tagged = batch.labels.any(1).tolist()
    order = sorted(range(len(batch.ids)), key=lambda index: not tagged[index])
    for index in order[:SHOWN]:
        maps, label, prediction = {}, None, None
        if output.pseudo is not None:
            present = output.pseudo.classes[index]
            refined = output.pseudo.refined_maps[index]
            maps = {names[c]: m.cpu() for c, m in zip(present, refined, strict=False)}
            label = output.pseudo.label[index].cpu()
        if output.mask_logits is not None:
            prediction = output.mask_logits[index].detach().argmax(0).cpu()
        samples.append(
            Sample(batch.image[index].cpu(), maps, label, prediction, None, batch.ids[index])
        )
    return samples


def photo_sample(photo: LabelledPhoto, mask: Tensor, source: Source) -> Sample:
    """Return a labelled photo with its predicted mask [H, W] and its truth, if it has one."""
    records = {record.id: record for record in source.records}
    record = records[photo.id]
    names = list(source.classes)
    return Sample(
        photo.image.cpu(),
        {names[c]: m.cpu() for c, m in zip(photo.classes, photo.refined_maps, strict=True)},
        photo.label.cpu(),
        mask,
        source.read_truth(record) if record.mask is not None else None,
        photo.id,
    )


def save_samples(samples: Sequence[Sample], source: Source, path: Path) -> None:
    """Write samples as one picture, whole or not at all."""
    sheet = sample_sheet(samples, ["background", *source.classes])
    with whole_file(path) as temporary:
        sheet.save(temporary)
