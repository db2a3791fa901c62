"""Masks for scoring from any folder, for any source; wrong ones are found before training."""

import numpy as np
import pytest
from PIL import Image

from getam.data import check_truth, open_source, train_loader

from .coco_from_masks import write_coco
from .scenes import CLASSES, LABELS, write_mask, write_photo

SIZE = (6, 5)


@pytest.fixture
def table(tmp_path):
    """Three photos with tags; the classes are cat, cow and dog, whose values are 1, 2 and 3."""
    for name in "123":
        write_photo(tmp_path / "photos" / f"{name}.png", SIZE)
    text = "image,labels\nphotos/1,dog\nphotos/2,cat;cow\nphotos/3,\n"
    (tmp_path / "tags.csv").write_text(text)
    return tmp_path / "tags.csv"


def write_truth(table, *values, name="1", folder="truth"):
    """Write a mask whose first pixels have the values given; the others are background."""
    mask = np.zeros(SIZE)
    mask.flat[: len(values)] = values
    return write_mask(table.parent / folder / f"{name}.png", mask)


def test_a_table_can_be_scored(table):
    write_truth(table, 0, 1, 2, 3, 255)
    write_truth(table, 2, name="2")
    source = open_source(table, truth=table.parent / "truth", classes=["dog", "cat"])
    assert source.has_truth
    assert [record.mask is not None for record in source.records] == [True, True, False]
    truth = source.read_truth(source.records[0])
    assert truth.flat[:5].tolist() == [0, 2, 255, 1, 255]
    check_truth(source)


def test_classes_txt_says_which_value_a_class_has(table):
    write_truth(table, 7, 5, 0)
    listed = table.parent / "truth" / "classes.txt"
    listed.write_text("background\n\n\ncat\n\ncow\nyak\ndog\n")
    source = open_source(table, truth=table.parent / "truth")
    assert source.classes == {"cat": 3, "cow": 5, "dog": 7}
    assert source.read_truth(source.records[0]).flat[:3].tolist() == [3, 2, 0]
    listed.write_text("background\ncat\ncow\n")
    with pytest.raises(ValueError, match=r"unknown class 'dog' in .*classes\.txt"):
        open_source(table, truth=table.parent / "truth")
    chosen = open_source(table, truth=table.parent / "truth", classes=["cow"])
    assert chosen.classes == {"cow": 2}


def test_every_kind_of_source(voc, tmp_path):
    for name, labels in LABELS.items():
        for label in labels[:1]:
            write_photo(tmp_path / "photos" / label / f"{name}.png", (20, 36))
    write_mask(tmp_path / "truth" / "a.png", np.full((20, 36), 2))
    write_coco(tmp_path / "coco", open_source(voc, split="train"))
    (tmp_path / "data.yaml").write_text("path: photos\ntruth: truth\n")
    (tmp_path / "coco.yaml").write_text(
        "images: coco/train\ninstances: coco/annotations/instances_train.json\ntruth: truth\n"
    )
    ids = {"photos": "cat/a", "data.yaml": "cat/a", "voc": "a", "coco": "a", "coco.yaml": "a"}
    for name, photo in ids.items():
        path = tmp_path / name
        truth = None if path.suffix else tmp_path / "truth"
        source = open_source(path, truth=truth)
        assert list(source.classes) == list(CLASSES)
        masked = [record for record in source.records if record.mask is not None]
        assert [record.id for record in masked] == [photo]
        assert (source.read_truth(masked[0]) == 2).all()


def test_training_never_reads_it(table):
    write_truth(table, 1).write_text("whoever reads this fails")
    source = open_source(table, truth=table.parent / "truth")
    assert len(list(train_loader(source, crop=4, batch_size=1, seed=0, workers=0))) >= 3


def test_no_mask_fits(table, caplog):
    with pytest.raises(FileNotFoundError, match="no folder .* with masks"):
        open_source(table, truth=table.parent / "truth")
    write_truth(table, 1, name="9")
    assert not open_source(table, truth=table.parent / "truth").has_truth
    assert "0 of 3 photos" in caplog.text


def complaint(table, **arguments):
    with pytest.raises(ValueError, match="cannot be scored|means ignored") as caught:
        check_truth(open_source(table, truth=table.parent / "truth", **arguments))
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_values_that_are_no_class(table):
    write_truth(table, 1, 2, 3)
    write_truth(table, 1, 9, name="2")
    write_truth(table, 4, name="3")
    said = complaint(table)
    assert "2 of 3 masks" in said
    assert "2.png must hold 0..3 or 255, got 9" in said
    (table.parent / "truth" / "classes.txt").write_text("background\ncat\n\ncow\n\ndog\n")
    assert "1.png must hold 0, a value of a class (1, 3, 5) or 255, got 2" in complaint(table)


def test_a_value_of_300(table):
    mask = np.full(SIZE, 300, dtype=np.uint16)
    (table.parent / "truth").mkdir()
    Image.fromarray(mask).save(table.parent / "truth" / "1.png")
    assert "got 300" in complaint(table)


def test_a_class_whose_value_is_255(table):
    write_truth(table, 255)
    names = ["background", "cat", "cow", *(f"c{i}" for i in range(252)), "dog"]
    (table.parent / "truth" / "classes.txt").write_text("\n".join(names))
    with pytest.raises(ValueError, match="class 'dog' of .* has the value 255"):
        open_source(table, truth=table.parent / "truth")
    check_truth(open_source(table, truth=table.parent / "truth", classes=["cat", "cow"]))


def test_a_mask_of_another_size_and_one_that_cannot_be_read(table):
    write_mask(table.parent / "truth" / "1.png", np.zeros((9, 9)))
    assert "size of its photo (6, 5), got (9, 9)" in complaint(table)
    (table.parent / "truth" / "1.png").write_text("no mask")
    assert "cannot read the mask" in complaint(table)


def test_real_masks_are_sound(shared_data):
    root = shared_data / "msrc_v2"
    check_truth(open_source(root, split="val"))
    tiles = shared_data / "magnetic_tile"
    source = open_source(tiles / "labels.csv", truth=tiles / "masks")
    assert source.has_truth
    check_truth(source)
