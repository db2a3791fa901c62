"""This module defines one photo that is ready for the network, and a batch of several."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import pad

from getam.vocabulary import IGNORE

NOT_CORRECTED = -1
"""Stands in `Batch.corrected` for every pixel of a photo that has no corrected mask."""


@dataclass
class Sample:
    """A sample holds one photo as tensors, with its labels.

    Parameters
    ----------
    id
        Id of the record.
    image
        uint8 [3, H, W], RGB in 0..255.
    labels
        float32 [C] of 0 and 1.
    known
        bool [C], False if it is unknown whether the photo shows the class.
    saliency
        float32 [H, W] in 0..1, or None.
    valid
        bool [H, W], True inside the photo, False in padding.
    size
        Height and width of the upright photo on disk.
    corrected
        uint8 [H, W], the corrected mask in the class numbers of training, 255 ignored, or None.
    mirrored
        Whether a fixed view is the mirror image. None if the view was changed at random.
    features
        What the backbone made of the view before, by name. None if it has to run.
    """

    id: str
    image: Tensor
    labels: Tensor
    known: Tensor
    saliency: Tensor | None
    valid: Tensor
    size: tuple[int, int]
    corrected: Tensor | None = None
    mirrored: bool | None = None
    features: Mapping[str, Tensor] | None = None


@dataclass
class Batch:
    """A batch holds several photos as tensors, padded to the size of the largest.

    Parameters
    ----------
    ids
        Ids of the records.
    image
        uint8 [B, 3, H, W], RGB in 0..255. Padding has the mean colour of its photo.
    labels
        float32 [B, C] of 0 and 1.
    classes
        The same as lists: the numbers of the classes that each photo shows, 0..C - 1. They stay on
        the processor, so that no step has to wait until a device has told them.
    known
        bool [B, C], False if it is unknown whether the photo shows the class.
    saliency
        float32 [B, H, W] in 0..1, and 0 in padding. None if the photos have no maps.
    valid
        bool [B, H, W], True inside the photo, False in padding.
    sizes
        Height and width of the upright photos on disk.
    corrected
        int16 [B, H, W], the corrected masks in the class numbers of training, 255 ignored and in
        padding. A photo without such a mask has `NOT_CORRECTED` everywhere. None if no photo of the
        batch has one.
    mirrored
        Whether each fixed view is the mirror image. None if views were changed at random.
    features
        What the backbone made of the views before, by name, each [B, ...]. None if it has to run.
    """

    ids: list[str]
    image: Tensor
    labels: Tensor
    classes: list[list[int]]
    known: Tensor
    saliency: Tensor | None
    valid: Tensor
    sizes: list[tuple[int, int]]
    corrected: Tensor | None = None
    mirrored: list[bool] | None = None
    features: Mapping[str, Tensor] | None = None

    def to(self, device: torch.device | str, non_blocking: bool = False) -> "Batch":
        """Return the batch with its tensors on a device."""
        return self._with_each(lambda tensor: tensor.to(device, non_blocking=non_blocking))

    def pin_memory(self) -> "Batch":
        """Return the batch in memory that a GPU can read by itself; torch's loader calls this."""
        return self._with_each(Tensor.pin_memory)

    def _with_each(self, change: Callable[[Tensor], Tensor]) -> "Batch":
        """Return the batch with every tensor changed."""
        every = {field.name: getattr(self, field.name) for field in fields(self)}
        changed: dict[str, Any] = {
            name: change(value) for name, value in every.items() if isinstance(value, Tensor)
        }
        if self.features is not None:
            changed["features"] = {name: change(value) for name, value in self.features.items()}
        return replace(self, **changed)


def classes_of(labels: Tensor) -> list[int]:
    """Return the numbers of the classes that a photo shows, of its labels [C] of 0 and 1."""
    numbers: list[int] = labels.nonzero()[:, 0].tolist()
    return numbers


def collate(samples: Sequence[Sample]) -> Batch:
    """Join samples to one batch. Each is padded at the bottom and right to the largest size."""
    height = max(sample.image.shape[-2] for sample in samples)
    width = max(sample.image.shape[-1] for sample in samples)
    padded = [_padded(sample, height, width) for sample in samples]
    saliency = [sample.saliency for sample in padded if sample.saliency is not None]
    return Batch(
        ids=[sample.id for sample in padded],
        image=torch.stack([sample.image for sample in padded]),
        labels=torch.stack([sample.labels for sample in padded]),
        classes=[classes_of(sample.labels) for sample in padded],
        known=torch.stack([sample.known for sample in padded]),
        saliency=torch.stack(saliency) if saliency else None,
        valid=torch.stack([sample.valid for sample in padded]),
        sizes=[sample.size for sample in padded],
        corrected=_corrected(padded),
        mirrored=_mirrored(padded),
        features=_features(padded),
    )


def fill_padding(image: Tensor, valid: Tensor) -> Tensor:
    """Return the image with its padding in the mean colour of the photo.

    Parameters
    ----------
    image
        uint8 [3, H, W].
    valid
        bool [H, W], True inside the photo, False in padding.
    """
    if valid.all():
        return image
    mean = image[:, valid].float().mean(dim=1).round().to(image.dtype)
    return torch.where(valid, image, mean[:, None, None])


def _mirrored(samples: Sequence[Sample]) -> list[bool] | None:
    """Return which fixed views are mirror images."""
    known = [sample.mirrored for sample in samples if sample.mirrored is not None]
    return known if len(known) == len(samples) else None


def _features(samples: Sequence[Sample]) -> dict[str, Tensor] | None:
    """Join the features of samples that all have some."""
    each = [sample.features for sample in samples if sample.features is not None]
    if len(each) < len(samples):
        return None
    return {name: torch.stack([features[name] for features in each]) for name in each[0]}


def _corrected(samples: Sequence[Sample]) -> Tensor | None:
    """Join the corrected masks of samples of one size."""
    if all(sample.corrected is None for sample in samples):
        return None
    joined = torch.full((len(samples), *samples[0].valid.shape), NOT_CORRECTED, dtype=torch.int16)
    for row, sample in zip(joined, samples, strict=True):
        if sample.corrected is not None:
            row.copy_(sample.corrected)
    return joined


def _padded(sample: Sample, height: int, width: int) -> Sample:
    below = (0, width - sample.image.shape[-1], 0, height - sample.image.shape[-2])
    if not any(below):
        return sample
    valid = pad(sample.valid, below)
    saliency = None if sample.saliency is None else pad(sample.saliency, below)
    image = fill_padding(pad(sample.image, below), valid)
    mask = None if sample.corrected is None else pad(sample.corrected, below, value=IGNORE)
    return replace(sample, image=image, saliency=saliency, valid=valid, corrected=mask)
