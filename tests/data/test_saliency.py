"""Saliency maps of any size belong to their photos."""

import pytest

from getam.data import PhotoDataset, open_source


def test_saliency_of_any_size_and_ending(voc):
    source = open_source(voc, saliency=voc / "saliency")
    sample = PhotoDataset(source)[0]
    assert sample.saliency.shape == sample.image.shape[1:]
    assert 0 <= sample.saliency.min() < sample.saliency.max() <= 1
    (voc / "saliency" / "b.jpg").unlink()
    with pytest.raises(FileNotFoundError, match="1 photos have no saliency map .*: b"):
        open_source(voc, saliency=voc / "saliency")
    with pytest.raises(FileNotFoundError, match="no folder"):
        open_source(voc, saliency=voc / "nothing")
