"""Photos as they are read, and their random changes."""

from getam.data import (
    PhotoDataset,
    open_source,
    resize_long_side,
)


def test_long_side(voc):
    dataset = PhotoDataset(open_source(voc), long_side=18)
    sample = dataset[0]
    assert len(dataset) == 5
    assert sample.image.shape == (3, 10, 18)
    assert sample.size == (20, 36)
    assert resize_long_side(sample, 18).image.shape == (3, 10, 18)
    assert resize_long_side(sample, 18, multiple=8).image.shape == (3, 8, 16)
