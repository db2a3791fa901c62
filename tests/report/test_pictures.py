"""Colours, palette files and overlays against values known by other means."""

import numpy as np
import pytest
import torch
from PIL import Image

from getam.report import as_picture, blend, colour_mask, overlay, palette, save_mask
from getam.report.overlay import heat_colours

PHOTO = np.random.default_rng(0).integers(0, 256, (6, 8, 3)).astype(np.uint8)
MASK = np.random.default_rng(1).choice([0, 1, 20, 255], (6, 8)).astype(np.uint8)


def voc_palette_by_loop():
    """The loop of the VOC development kit."""
    colours = []
    for index in range(256):
        red = green = blue = 0
        rest = index
        for shift in range(7, -1, -1):
            red |= (rest & 1) << shift
            green |= ((rest >> 1) & 1) << shift
            blue |= ((rest >> 2) & 1) << shift
            rest >>= 3
        colours.append((red, green, blue))
    return colours


def test_palette_is_vocs():
    assert [tuple(colour) for colour in palette().tolist()] == voc_palette_by_loop()


def test_palette_equals_the_one_in_real_masks(shared_data):
    folder = shared_data / "voc2012_animals" / "SegmentationClassAug"
    with Image.open(folder / "2007_000175.png") as mask:
        assert mask.getpalette()[: 21 * 3] == palette()[:21].flatten().tolist()


@pytest.mark.parametrize("kind", ["array", "tensor", "bool"])
def test_saved_mask_keeps_its_values(tmp_path, kind):
    mask = {"array": MASK, "tensor": torch.from_numpy(MASK).long(), "bool": MASK > 0}[kind]
    save_mask(tmp_path / "new" / "mask.png", mask)
    with Image.open(tmp_path / "new" / "mask.png") as saved:
        assert saved.mode == "P"
        assert np.array(saved).tolist() == np.asarray(mask).astype(int).tolist()
        assert np.array(saved.convert("RGB")).tolist() == palette()[np.array(saved)].tolist()
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["mask.png"]


def test_failed_save_leaves_the_old_mask(tmp_path):
    save_mask(tmp_path / "mask.png", MASK)
    before = (tmp_path / "mask.png").read_bytes()
    with pytest.raises(ValueError, match=r"mask must hold 0..255, got 0..256"):
        save_mask(tmp_path / "mask.png", MASK.astype(int) * 0 + np.eye(6, 8, dtype=int) * 256)
    with pytest.raises(ValueError, match="must hold integers, got float32"):
        save_mask(tmp_path / "mask.png", torch.zeros(2, 2))
    with pytest.raises(ValueError, match=r"mask must be \[H, W\], got \(1, 2, 2\)"):
        save_mask(tmp_path / "mask.png", torch.zeros(1, 2, 2).long())
    with pytest.raises(ValueError, match="must end in .png"):
        save_mask(tmp_path / "mask.jpg", MASK)
    assert (tmp_path / "mask.png").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["mask.png"]


def test_photo_in_every_form_gives_the_same_picture():
    tensor = torch.from_numpy(PHOTO).permute(2, 0, 1)
    for photo in (PHOTO, Image.fromarray(PHOTO), tensor, tensor.float(), PHOTO + 0.3):
        assert np.array(as_picture(photo)).tolist() == PHOTO.tolist()
    assert np.abs(np.array(as_picture(tensor.bfloat16())).astype(int) - PHOTO).max() <= 1
    with pytest.raises(ValueError, match=r"got \(6, 8\)"):
        as_picture(PHOTO[..., 0])


def test_blend_by_loop():
    result = np.array(blend(PHOTO, MASK, alpha=0.25)).astype(int)
    for y in range(6):
        for x in range(8):
            expected = PHOTO[y, x].astype(float)
            if MASK[y, x] != 0:
                expected = 0.75 * expected + 0.25 * palette()[MASK[y, x]]
            assert np.abs(result[y, x] - expected).max() <= 1
    assert np.array(colour_mask(MASK)).tolist() == palette()[MASK].tolist()


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
