"""One photo under two spellings is found, whatever the list."""

import pytest

from getam.data import list_photos, open_source

from .coco_from_masks import write_coco
from .scenes import write_photo


@pytest.fixture
def folder(tmp_path):
    write_photo(tmp_path / "1.png")
    write_photo(tmp_path / "x" / "1.png")
    return tmp_path


def test_a_table(folder):
    (folder / "a.csv").write_text("image,labels\n1.png,cat\nx/../1.png,dog\n")
    with pytest.raises(ValueError, match=r"1 photos more than once: 1\.png = x/\.\./1\.png;"):
        open_source(folder / "a.csv")
    (folder / "b.csv").write_text("image,labels\n1,cat\n1.png,dog\n")
    with pytest.raises(ValueError, match=r"1 photos more than once: 1 = 1\.png;"):
        open_source(folder / "b.csv")
    (folder / "c.csv").write_text("image,labels\n1.png,cat\nx/1.png,dog\n")
    assert len(open_source(folder / "c.csv")) == 2


def test_a_list_for_prediction(folder):
    for lines in ("1.png\nx/../1.png\n", "1.png\n1.png\n"):
        (folder / "list.txt").write_text(lines)
        with pytest.raises(ValueError, match=r"names 1 photos more than once: .*1\.png"):
            list_photos(folder / "list.txt")


def test_instances(voc, tmp_path):
    coco = write_coco(tmp_path / "coco", open_source(voc, split="train"))
    path = coco / "annotations" / "instances_train.json"
    text = path.read_text()
    for other in ("a.png", "x/../a.png"):
        (coco / "train" / "x").mkdir(exist_ok=True)
        path.write_text(text.replace('"b.png"', f'"{other}"'))
        with pytest.raises(ValueError, match=r"names 1 photos more than once: .*a\.png"):
            open_source(coco)
