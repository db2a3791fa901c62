"""Overlays against values known by other means."""

import numpy as np
import pytest
import torch
from PIL import Image

from getam.report import blend, overlay, palette
from getam.report.overlay import heat_colours

PHOTO = np.random.default_rng(0).integers(0, 256, (6, 8, 3)).astype(np.uint8)
MASK = np.random.default_rng(1).choice([0, 1, 20, 255], (6, 8)).astype(np.uint8)


def test_blend_by_loop():
    result = np.array(blend(PHOTO, MASK, alpha=0.25)).astype(int)
    for y in range(6):
        for x in range(8):
            expected = PHOTO[y, x].astype(float)
            if MASK[y, x] != 0:
                expected = 0.75 * expected + 0.25 * palette()[MASK[y, x]]
            assert np.abs(result[y, x] - expected).max() <= 1


def test_heat_gets_lighter_all_the_way():
    lightness = heat_colours() @ np.array([0.2126, 0.7152, 0.0722])
    assert heat_colours().shape == (256, 3)
    assert (np.diff(lightness) > -0.5).all()
    assert lightness[-1] - lightness[0] > 200


def test_overlay_shows_heat_over_grey():
    ramp = torch.linspace(-1, 2, 8).expand(6, 8)
    heat = np.array(overlay(PHOTO, ramp, alpha=1))
    assert heat[0, 0].tolist() == heat_colours()[0].tolist()
    assert heat[0, 7].tolist() == heat_colours()[255].tolist()
    grey = np.array(overlay(PHOTO, ramp, alpha=0))
    assert (grey == np.array(Image.fromarray(PHOTO).convert("L"))[..., None]).all()


def test_small_map_and_mask_are_brought_to_the_photo():
    assert overlay(PHOTO, torch.rand(2, 3)).size == (8, 6)
    mask = np.array([[0, 1]])
    assert np.array(blend(PHOTO, mask, alpha=1))[:, 4:].reshape(-1, 3).max(axis=0).tolist() == [
        128,
        0,
        0,
    ]


def test_broken_maps():
    with pytest.raises(ValueError, match="must be finite"):
        overlay(PHOTO, torch.full((2, 2), torch.nan))
    with pytest.raises(ValueError, match=r"activation_map must be \[H, W\], got \(1, 2, 2\)"):
        overlay(PHOTO, torch.zeros(1, 2, 2))
    with pytest.raises(ValueError, match=r"alpha must lie in 0..1, got 2"):
        blend(PHOTO, MASK, alpha=2)
