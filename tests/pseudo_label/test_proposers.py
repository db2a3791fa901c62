"""Proposals of a name or from a folder; wrong ones are one line."""

import logging

import numpy as np
import pytest
from PIL import Image

from getam.data import open_source
from getam.pseudo_label import proposer_for


def test_felzenszwalb_divides_the_photo_along_its_edges(tmp_path):
    pytest.importorskip("skimage", reason="it comes with the extra getam[proposals]")
    pixels = np.zeros((40, 60, 3), np.uint8)
    pixels[:, :25] = (200, 30, 30)
    (tmp_path / "cat").mkdir()
    Image.fromarray(pixels).save(tmp_path / "cat" / "1.png")
    source = open_source(tmp_path)
    masks = proposer_for("felzenszwalb", source)(source.records[0])
    assert masks.dtype == bool
    assert (masks.sum(0) == 1).all()
    assert sorted(masks.sum((1, 2)).tolist()) == [40 * 25, 40 * 35]


def test_a_folder(source, tmp_path, caplog):
    caplog.set_level(logging.INFO)
    first, second = source.records[:2]
    height, width = source.read_truth(first).shape
    masks = np.random.default_rng(0).random((3, height, width)) > 0.5
    np.savez_compressed(tmp_path / f"{first.id}.npz", masks=masks)
    proposer = proposer_for(tmp_path, source)
    assert "4 of 5 photos have no proposals" in caplog.text
    assert (proposer(first) == masks).all()
    assert proposer(second).shape == (0, *source.read_truth(second).shape)


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"segments": np.zeros(3)}, "cannot read 'masks' from"),
        ({"masks": np.zeros((1, 2, 3), bool)}, r"must be bool \[M, 20, 36\] like the photo, got"),
        ({"masks": np.zeros((1, 20, 36))}, r"got float64 \[1, 20, 36\]"),
        ({"masks": np.array([None])}, "cannot read 'masks' from"),
    ],
)
def test_mistakes_in_a_file(arrays, said, source, tmp_path):
    np.savez(tmp_path / "a.npz", **arrays)
    proposer = proposer_for(tmp_path, source)
    with pytest.raises(ValueError, match=said):
        proposer(source.records[0])
    (tmp_path / "a.npz").write_text("no archive")
    with pytest.raises(ValueError, match="cannot read 'masks' from"):
        proposer(source.records[0])


def test_no_proposals(source, tmp_path):
    with pytest.raises(ValueError, match="must be a folder or one of felzenszwalb, got 'sam'"):
        proposer_for("sam", source)
    with pytest.raises(ValueError, match="has no a.npz nor that of any photo"):
        proposer_for(tmp_path, source)
