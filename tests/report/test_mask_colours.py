"""The palette of the VOC kit by its own loop; mask files that keep their values."""

import numpy as np
import pytest
import torch
from PIL import Image

from getam.report import colour_mask, palette, save_mask
from getam.report.mask_colours import shown_colours

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


def test_a_coloured_mask_has_the_colours_of_the_palette():
    assert np.array(colour_mask(MASK)).tolist() == palette()[MASK].tolist()


def test_no_class_is_shown_in_grey() -> None:
    shown, file = shown_colours().astype(int), palette().astype(int)
    greys = [value for value in range(1, 64) if np.ptp(file[value]) == 0]
    assert greys == [7, 56, 63]
    assert all(np.ptp(shown[value]) > 100 for value in greys)
    assert len({tuple(colour) for colour in shown[:64].tolist()}) == 64
    assert np.delete(shown, greys, 0).tolist() == np.delete(file, greys, 0).tolist()
