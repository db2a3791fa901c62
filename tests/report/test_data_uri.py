"""Encoded pictures hold what they were made of."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from getam.report import map_uri, mask_uri, palette, photo_uri
from getam.report.overlay import heat_colours


def decoded(uri):
    kind, text = uri.split(";base64,")
    picture = Image.open(io.BytesIO(base64.b64decode(text)))
    assert kind == f"data:image/{picture.format.lower()}"
    return picture


def test_mask_keeps_its_values_and_its_background_is_transparent():
    mask = np.arange(64, dtype=np.uint8).reshape(8, 8)
    picture = decoded(mask_uri(mask))
    assert np.array(picture).tolist() == mask.tolist()
    pixels = np.array(picture.convert("RGBA"))
    assert pixels[..., 3].ravel().tolist() == [0] + [255] * 63
    assert pixels[0, 1:, :3].tolist() == palette()[1:8].tolist()


def test_map_has_the_colours_of_its_values():
    values = np.kron(np.array([[0.0, 1.0], [0.5, 2.0]]), np.ones((16, 16)))
    pixels = np.array(decoded(map_uri(values))).astype(int)
    for (row, column), level in {(4, 4): 0, (4, 28): 255, (28, 4): 128, (28, 28): 255}.items():
        assert np.abs(pixels[row, column] - heat_colours()[level]).max() < 12
    assert decoded(map_uri(np.full((4, 4), np.nan))).size == (4, 4)


def test_large_photos_are_made_smaller_and_small_ones_stay():
    assert decoded(photo_uri(np.zeros((900, 300, 3), dtype=np.uint8))).size == (133, 400)
    assert decoded(photo_uri(np.zeros((9, 3, 3), dtype=np.uint8))).size == (3, 9)
    assert decoded(mask_uri(np.zeros((900, 300), dtype=np.uint8))).size == (133, 400)


def test_wrong_shapes_are_refused():
    with pytest.raises(ValueError, match=r"map must be \[H, W\]"):
        map_uri(np.zeros((1, 2, 2)))
    with pytest.raises(ValueError, match="mask must hold integers"):
        mask_uri(np.zeros((2, 2)))
