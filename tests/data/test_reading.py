"""Reading photo by photo: bad ones, and ones that end the process that reads them."""

import multiprocessing
import os
import signal
from dataclasses import replace

import pytest
import torch

from getam.data import Batch, PhotoDataset, open_source, photo_loader, reading
from getam.data.reading import Unread, read_each


@pytest.fixture
def source(voc, monkeypatch):
    monkeypatch.setattr(reading, "POLL", 0.2)
    return open_source(voc)


@pytest.mark.parametrize("workers", [0, 2])
def test_good_photos_are_those_of_the_loader_and_bad_ones_say_why(source, workers, tmp_path):
    bad = tmp_path / "bad.jpg"
    bad.write_bytes(b"no photo")
    first, *rest = source.records
    records = (first, replace(first, id="bad", image=bad), *rest)
    read = list(
        read_each(replace(source, records=records), long_side=16, multiple=8, workers=workers)
    )
    assert read.pop(1) == Unread(f"cannot read the photo {bad}: not an image")
    loader = photo_loader(source, long_side=16, multiple=8, workers=0)
    for ours, theirs in zip(read, loader, strict=True):
        assert isinstance(ours, Batch)
        assert ours.ids == theirs.ids
        assert torch.equal(ours.image, theirs.image)


@pytest.mark.parametrize(
    ("harm", "reason"),
    [
        (lambda: os.kill(os.getpid(), signal.SIGKILL), "the process that read it ended (SIGKILL)"),
        (lambda: os._exit(3), "the process that read it ended"),
    ],
    ids=["killed", "left"],
)
def test_a_photo_that_harms_its_reader_costs_no_other(harm, reason, source, monkeypatch):
    next(iter(photo_loader(source, workers=1)))  # makes torch set its handler
    whole = PhotoDataset.__getitem__

    def read(self, index):
        if self.records[index].id == "c":
            harm()
        return whole(self, index)

    monkeypatch.setattr(PhotoDataset, "__getitem__", read)
    before, handler = multiprocessing.active_children(), signal.getsignal(signal.SIGCHLD)
    photos = list(read_each(source, workers=2))
    assert [p.reason if isinstance(p, Unread) else p.ids[0] for p in photos] == [
        *("a", "b", reason, "d", "e")
    ]
    assert multiprocessing.active_children() == before
    assert signal.getsignal(signal.SIGCHLD) == handler


def test_a_reader_that_was_killed_from_outside_is_replaced(source):
    photos = read_each(source, workers=1)
    read = [next(photos).ids[0]]
    for process in multiprocessing.active_children():
        process.kill()
    assert read + [batch.ids[0] for batch in photos] == list("abcde")
