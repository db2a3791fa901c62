"""Masks in the colours of a labelmap.txt, RGB or with a palette."""

import numpy as np
import pytest
from PIL import Image

from getam.data.label_map import read_label_map
from getam.export import MaskFile, export_masks
from getam.report import save_mask

VALUES = np.array([[0, 1, 2], [2, 255, 0]])
CLASSES = {"cat": 1, "dog": 2}


def test_what_the_export_for_cvat_writes_comes_back(tmp_path):
    mask = tmp_path / "SegmentationClass" / "a.png"
    save_mask(mask, VALUES)
    export_masks([MaskFile("a", mask, mask)], tmp_path, format="cvat", classes=CLASSES)
    label_map = read_label_map(tmp_path / "labelmap.txt")
    assert label_map.classes == CLASSES
    assert (label_map.read(mask) == VALUES).all()
    Image.open(mask).convert("RGB").save(tmp_path / "rgb.png")  # as CVAT writes it
    assert (label_map.read(tmp_path / "rgb.png") == VALUES).all()


def test_the_colours_count_and_not_their_order(tmp_path):
    file = tmp_path / "labelmap.txt"
    file.write_text("# label:color_rgb:parts:actions\ndog:9,8,7::\nbackground:1,1,1::\ncat:0,0,0::")
    pixels = np.array([[[9, 8, 7], [1, 1, 1], [0, 0, 0]]], dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    label_map = read_label_map(file)
    assert label_map.classes == {"dog": 1, "cat": 2}
    assert label_map.read(tmp_path / "a.png").tolist() == [[1, 0, 2]]
    Image.fromarray(pixels + 1).save(tmp_path / "a.png")
    with pytest.raises(ValueError, match=r"colours that its labelmap.txt does not name: \(2, 2, 2"):
        label_map.read(tmp_path / "a.png")
    (tmp_path / "a.png").write_text("no picture")
    with pytest.raises(ValueError, match="cannot read the mask"):
        label_map.read(tmp_path / "a.png")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("background:0,0,0::\ncat:1,2::", "must be name:red,green,blue:parts:actions, got 'cat:1,"),
        ("cat:1,2,3::", "no line of .* names the background"),
        ("background:0,0,0::\ncat:1,1,1::\ncat:2,2,2::", "has the name cat twice"),
        ("background:0,0,0::\ncat:1,1,1::\ndog:1,1,1::", r"has the colour \(1, 1, 1\) twice"),
    ],
)
def test_mistakes(text, said, tmp_path):
    (tmp_path / "labelmap.txt").write_text(text)
    with pytest.raises(ValueError, match=said):
        read_label_map(tmp_path / "labelmap.txt")
