"""Batches are on their way to a device before the one before them is used."""

import torch
from another_device import Watch

from getam.data import collate, open_source
from getam.data.ahead import copied_ahead
from getam.data.dataset import PhotoDataset
from getam.data.loader import train_loader


def batches(voc, taken):
    photos = PhotoDataset(open_source(voc, split="train", saliency=voc / "saliency"))
    for index in range(3):
        taken.append(index)
        yield collate([photos[index]])


def test_the_next_batch_is_sent_before_one_is_used(voc):
    taken = []
    with Watch() as watch:
        ahead = copied_ahead(batches(voc, taken), "meta")
        first = next(ahead)
        assert taken == [0, 1]
        assert watch.sent == 10  # images, labels, what is known, saliency and valid of two
        assert len([first, *ahead]) == 3
    assert (watch.waits, watch.doubles) == ([], [])
    assert first.image.device.type == first.saliency.device.type == "meta"
    assert first.corrected is None


def test_the_processor_reads_nothing_ahead(voc):
    taken = []
    next(copied_ahead(batches(voc, taken), "cpu"))
    assert taken == [0]


def test_a_batch_ahead_does_not_count_as_trained_on(voc):
    loader = train_loader(
        open_source(voc, split="train"), crop=16, batch_size=1, seed=0, workers=0, device="meta"
    )
    steps = iter(loader)
    expected = train_loader(
        open_source(voc, split="train"), crop=16, batch_size=1, seed=0, workers=0
    )
    assert next(steps).ids == next(iter(expected)).ids
    assert loader.state_dict() == expected.state_dict()


def test_batches_for_a_gpu_are_pinned(voc):
    options = {"crop": 16, "batch_size": 1, "seed": 0, "workers": 0}
    source = open_source(voc, split="train")
    assert train_loader(source, **options, device=torch.device("cuda", 0)).pin_memory
    assert not train_loader(source, **options).pin_memory
