"""One picture, map or mask from every form that a photo, a map or a mask can have."""

import numpy as np
import pytest
import torch
from PIL import Image

from getam.report import as_picture
from getam.report.picture import as_mask, as_plane

PHOTO = np.random.default_rng(0).integers(0, 256, (6, 8, 3)).astype(np.uint8)


def test_photo_in_every_form_gives_the_same_picture():
    tensor = torch.from_numpy(PHOTO).permute(2, 0, 1)
    for photo in (PHOTO, Image.fromarray(PHOTO), tensor, tensor.float(), PHOTO + 0.3):
        assert np.array(as_picture(photo)).tolist() == PHOTO.tolist()
    assert np.abs(np.array(as_picture(tensor.bfloat16())).astype(int) - PHOTO).max() <= 1
    with pytest.raises(ValueError, match=r"got \(6, 8\)"):
        as_picture(PHOTO[..., 0])


def test_colours_beyond_the_range_are_cut():
    photo = np.full((2, 2, 3), [-5.0, 127.6, 300.0])
    assert np.array(as_picture(photo))[0, 0].tolist() == [0, 128, 255]


def test_a_map_keeps_its_values():
    values = torch.tensor([[0.5, -1.0]])
    assert as_plane(values.bfloat16(), "map").tolist() == [[0.5, -1.0]]
    assert as_plane(values.numpy(), "map").tolist() == [[0.5, -1.0]]
    with pytest.raises(ValueError, match=r"^map must be \[H, W\], got \(2,\)$"):
        as_plane(np.zeros(2), "map")


def test_a_mask_becomes_bytes_and_nothing_is_cut():
    for mask in ([[0, 255]], [[False, True]]):
        made = as_mask(torch.tensor(mask))
        assert made.dtype == np.uint8
        assert made.tolist() == mask
    with pytest.raises(ValueError, match=r"^mask must hold 0\.\.255, got -1\.\.0$"):
        as_mask(np.array([[0, -1]]))
