"""Mask files: what a mask may hold, and every broken one."""

import numpy as np
import pytest

from getam.data import open_source

from .scenes import write_mask, write_photo


def test_broken_masks_are_found_when_scored(voc):
    source = open_source(voc)
    first, second, third, fourth, _ = source.records
    write_mask(first.mask, np.zeros((5, 5)))
    with pytest.raises(ValueError, match=r"size of its photo \(20, 36\), got \(5, 5\)"):
        source.read_truth(first)
    write_mask(second.mask, np.full((21, 34), 7))
    with pytest.raises(ValueError, match=r"0\.\.3 or 255, got 7"):
        source.read_truth(second)
    write_photo(third.mask)
    with pytest.raises(ValueError, match="mode RGB"):
        source.read_truth(third)
    fourth.mask.write_text("no image")
    with pytest.raises(ValueError, match="cannot read the mask"):
        source.read_truth(fourth)


def test_masks_may_be_missing(voc):
    (voc / "SegmentationClass" / "e.png").unlink()
    source = open_source(voc)
    assert source.has_truth
    assert not open_source(voc, split="val").has_truth
    with pytest.raises(FileNotFoundError, match="no mask of e"):
        source.read_truth(source.records[-1])
