"""This module reads photos from disk, unchanged or changed at random for training."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset
from torchvision.transforms.v2 import functional

from getam.data.photo import read_photo
from getam.data.saliency import read_saliency
from getam.data.sample import Sample
from getam.data.source import Record, Source
from getam.data.transform import TrainTransform, resize_long_side
from getam.vocabulary import BACKGROUND, IGNORE


class PhotoDataset(Dataset[Sample]):
    """A photo dataset reads the photos of a source for prediction and scoring, but no masks.

    Parameters
    ----------
    source
        The photos to read.
    long_side
        The length in pixels of the longer side of every photo after resizing. None keeps the size.
    multiple
        The number of which each side becomes a multiple, such as the patch size of a network. It
        matters only if ``long_side`` is given.
    """

    def __init__(self, source: Source, *, long_side: int | None = None, multiple: int = 1) -> None:
        self.records = source.records
        shape = (len(source), len(source.classes))
        self.labels = torch.zeros(shape)
        self.known = torch.zeros(shape, dtype=torch.bool)
        for row, record in enumerate(source.records):
            self.labels[row] = torch.from_numpy(source.label_vector(record))
            self.known[row] = torch.from_numpy(source.known_vector(record))
        self.long_side = long_side
        self.multiple = multiple

    def __len__(self) -> int:
        """Return the number of photos."""
        return len(self.records)

    def __getitem__(self, index: int) -> Sample:
        """Read one photo.

        Raises
        ------
        FileNotFoundError, ValueError
            If the photo or its saliency map cannot be read.
        """
        sample = _read_sample(self.records[index], self.labels[index], self.known[index])
        if self.long_side is None:
            return sample
        return resize_long_side(sample, self.long_side, multiple=self.multiple)


class Draw(NamedTuple):
    """A draw decides, together with the seed, every random choice for a training sample."""

    epoch: int
    photo: int
    turn: int
    """The number of times that the photo was drawn before in the same epoch."""


class TrainDataset(Dataset[Sample]):
    """A training dataset reads the photos of a source and changes them at random.

    The seed and the draw (epoch, photo, turn) alone decide the change.

    Parameters
    ----------
    source
        The photos to read. Of their masks only corrected ones are read.
    transform
        The random change, which takes its random numbers from torch's CPU generator.
    seed
        Seed of the run.
    """

    def __init__(self, source: Source, transform: TrainTransform, *, seed: int) -> None:
        self.source = source
        self.photos = PhotoDataset(source)
        self.transform = transform
        self.seed = seed

    def __len__(self) -> int:
        """Return the number of photos."""
        return len(self.photos)

    def __getitem__(self, draw: Draw) -> Sample:
        """Read and change one photo. The same draw gives the same sample in any process.

        Raises
        ------
        FileNotFoundError, ValueError
            If the photo, its saliency map or its corrected mask cannot be read.
        """
        sample = read_to_train(self.photos, self.source, draw.photo)
        with torch.random.fork_rng(devices=[]):
            # Not torch.manual_seed: without workers that would reset the accelerator's generator
            # too, and dropout would repeat itself at every step.
            torch.default_generator.manual_seed(mixed_seed(self.seed, draw))
            return self.transform(sample)


def read_to_train(photos: PhotoDataset, source: Source, index: int) -> Sample:
    """Read one photo of a source with its corrected mask, if it has one."""
    sample, record = photos[index], source.records[index]
    if record.corrected is None:
        return sample
    return with_correction(sample, source.read_corrected(record))


def with_correction(sample: Sample, mask: np.ndarray) -> Sample:
    """Return the sample with its corrected mask, uint8 [H, W].

    The mask also says what is salient. Only where it is 255, the saliency map still counts.
    """
    corrected, saliency = torch.from_numpy(mask), sample.saliency
    if saliency is not None:
        saliency = torch.where(corrected == IGNORE, saliency, (corrected != BACKGROUND).float())
    return replace(sample, corrected=corrected, saliency=saliency)


def mixed_seed(seed: int, draw: Draw) -> int:
    """Return the seed of the random choices for one draw of a run, below 2 ** 63."""
    return int(np.random.SeedSequence((seed, *draw)).generate_state(1, np.uint64)[0] >> 1)


def _read_sample(record: Record, labels: Tensor, known: Tensor) -> Sample:
    image = functional.pil_to_tensor(read_photo(record.image))
    size = (image.shape[-2], image.shape[-1])
    saliency = None if record.saliency is None else read_saliency(record.saliency, size)[0] / 255
    return Sample(
        id=record.id,
        image=image,
        labels=labels,
        known=known,
        saliency=saliency,
        valid=torch.ones(size, dtype=torch.bool),
        size=size,
    )
