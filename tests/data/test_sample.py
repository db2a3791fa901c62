"""Samples are joined to a batch, padded in the mean colour of each photo."""

from dataclasses import replace

import numpy as np
import torch

from getam.data import (
    PhotoDataset,
    collate,
    open_source,
    photo_loader,
    read_photo,
)


def test_collate_keeps_the_samples(voc):
    samples = [PhotoDataset(open_source(voc))[i] for i in range(2)]
    before = [sample.image.clone() for sample in samples]
    collate(samples)
    assert all(torch.equal(s.image, b) for s, b in zip(samples, before, strict=True))


def test_whole_photos_are_padded_to_the_largest(voc):
    source = open_source(voc, split="train", saliency=voc / "saliency")
    (batch,) = photo_loader(source, batch_size=4, workers=0)
    assert batch.image.shape == (4, 3, 23, 36)
    assert batch.sizes == [(20, 36), (21, 34), (22, 32), (23, 30)]
    for record, image, valid, (height, width) in zip(
        source.records, batch.image, batch.valid, batch.sizes, strict=True
    ):
        photo = np.asarray(read_photo(record.image))
        assert (image[:, :height, :width].permute(1, 2, 0).numpy() == photo).all()
        assert valid[:height, :width].all()
        assert valid.sum() == height * width
        mean = np.rint(photo.reshape(-1, 3).mean(0))
        outside = image[:, ~valid].numpy()
        assert (outside == mean[:, None]).all()


def test_features_travel_with_their_samples(voc):
    samples = [PhotoDataset(open_source(voc), long_side=16)[i] for i in range(2)]
    known = [
        replace(sample, mirrored=index == 1, features={"a": torch.full((3,), float(index))})
        for index, sample in enumerate(samples)
    ]
    batch = collate(known)
    assert batch.mirrored == [False, True]
    assert torch.equal(batch.features["a"], torch.tensor([[0.0] * 3, [1.0] * 3]))
    assert batch.to("meta").features["a"].device.type == "meta"
    mixed = collate([known[0], samples[1]])
    assert mixed.mirrored is None and mixed.features is None
