"""Corrected masks are found, checked and read; the tags of their photos follow them."""

import logging

import numpy as np
import pytest
import torch
from PIL import Image

from getam.data import hold_out, open_source, train_loader, without_overlap

from .scenes import write_mask, write_photo

SIZE = (12, 10)
TAGS = {"1": "dog", "2": "cat;cow", "3": "", "4": "cow"}


@pytest.fixture
def table(tmp_path):
    """Four photos with tags; the classes are cat, cow and dog, whose values are 1, 2 and 3."""
    for number, name in enumerate(TAGS):
        write_photo(tmp_path / "photos" / f"{name}.png", SIZE, seed=number)
    lines = [f"photos/{name},{tags}" for name, tags in TAGS.items()]
    (tmp_path / "tags.csv").write_text("\n".join(["image,labels", *lines]) + "\n")
    return tmp_path / "tags.csv"


def correct(table, *values, name="1", folder="corrected"):
    """Write a mask whose left half has the first value given, and the rest the others."""
    mask = np.zeros(SIZE)
    mask[:, : SIZE[1] // 2] = values[0]
    mask[0, : len(values)] = values
    return write_mask(table.parent / folder / f"{name}.png", mask)


def opened(table, **arguments):
    return open_source(table, corrected=table.parent / "corrected", **arguments)


def test_tags_follow_the_masks(table, caplog):
    caplog.set_level(logging.INFO)
    correct(table, 3)
    correct(table, 1, name="2")
    correct(table, 3, name="3")
    correct(table, 255, name="4")
    source = opened(table)
    assert [record.labels for record in source.records] == [("dog",), ("cat",), ("dog",), ()]
    assert [record.unknown for record in source.records] == [(), (), (), ("cow",)]
    assert "4 of 4 photos of" in caplog.text
    assert "tags of 3 corrected photos differ from their masks, which now count: " in caplog.text
    assert "2 (was cat;cow, is cat), 3 (was none, is dog), 4 (was cow, is none)" in caplog.text
    numbers = opened(table, classes=["dog", "cow"]).read_corrected(source.records[0])
    assert sorted(np.unique(numbers)) == [0, 1]


def test_a_photo_without_tags_takes_those_of_its_mask(table):
    table.write_text(table.read_text().replace("photos/4,cow\n", ""))
    photos = table.parent / "photos"
    (table.parent / "list.csv").write_text(table.read_text().replace("photos/", ""))
    correct(table, 2, name="4")
    source = open_source(
        photos, labels=table.parent / "list.csv", corrected=table.parent / "corrected"
    )
    assert source.records[3].labels == ("cow",)
    correct(table, 2, 255, name="4")
    source = open_source(
        photos, labels=table.parent / "list.csv", corrected=table.parent / "corrected"
    )
    assert (source.records[3].labels, source.records[3].unknown) == (("cow",), ("cat", "dog"))


def test_it_moves_with_its_photo_and_says_what_is_salient(table):
    """The photo shows its own mask, so that any difference between the two is a mistake."""
    correct(table, 3, 255)
    for name in TAGS:
        write_photo(table.parent / "saliency" / f"{name}.png", SIZE)
    half = np.zeros((*SIZE, 3), dtype=np.uint8)
    half[:, : SIZE[1] // 2] = 200
    Image.fromarray(half).save(table.parent / "photos" / "1.png")
    source = opened(table, saliency=table.parent / "saliency")
    options = {"batch_size": 4, "seed": 0, "workers": 0, "balance": 0.0, "scale": (1.0, 1.0)}
    for _ in range(3):
        (batch,) = train_loader(source, crop=12, **options)
        assert batch.corrected.dtype == torch.int16
        for photo, name in enumerate(batch.ids):
            mask, valid = batch.corrected[photo], batch.valid[photo]
            if name != "1":
                assert (mask == -1).all()
                continue
            decided = mask != 255
            assert ((mask == 3) == (batch.image[photo, 0] == 200))[decided & valid].all()
            assert (batch.saliency[photo] == (mask == 3))[decided & valid].all()
            assert (mask[~valid] == 255).all()
            assert (mask == 3).any()
            assert (mask == 0).any()


def test_the_layout_of_cvat(table):
    correct(table, 1, folder="corrected/SegmentationClass")
    correct(table, 2, folder="corrected/SegmentationObject")  # instances, which CVAT writes too
    lines = "background:0,0,0::\ndog:1,2,3::\ncow:4,5,6::\ncat:7,8,9::\n"
    (table.parent / "corrected" / "labelmap.txt").write_text(lines)
    with pytest.raises(ValueError, match="colours that its labelmap.txt does not name"):
        opened(table)
    lines = lines.replace("1,2,3", "3,4,5")  # the palette of these tests at value 1
    (table.parent / "corrected" / "labelmap.txt").write_text(lines.replace("0,0,0", "0,1,2"))
    assert (opened(table).read_corrected(opened(table).records[0]) == 3).any()


def test_corrected_photos_are_trained_on_and_never_scored(table):
    for number in range(100):
        write_photo(table.parent / "photos" / f"x{number}.png", SIZE)
    extra = [f"photos/x{number},cat" for number in range(100)]
    table.write_text(table.read_text() + "\n".join(extra) + "\n")
    for number in range(0, 100, 2):
        correct(table, 1, name=f"x{number}")
    _, held_out = hold_out(opened(table))
    assert len(held_out) == 10
    assert not held_out.corrected
    with pytest.raises(ValueError, match="50 corrected masks belong to photos of .* are scored"):
        without_overlap(opened(table), opened(table))


def test_hidden_files_are_no_masks(table):
    """They stop neither the corrected masks nor those to score with."""
    for folder in ("corrected", "truth"):
        mask = correct(table, 1, name="1" if folder == "truth" else "2", folder=folder)
        mask.with_name(f"._{mask.name}").write_bytes(b"\0\5\x16\7Mac OS X")
        hidden = mask.parent / ".trash" / "1.png"
        hidden.parent.mkdir()
        hidden.write_bytes(b"")
    source = opened(table, truth=table.parent / "truth")
    assert [record.id for record in source.corrected] == ["2"]
    assert [record.id for record in source.records if record.mask] == ["1"]


def complaint(table, **arguments):
    with pytest.raises((ValueError, FileNotFoundError)) as caught:
        opened(table, **arguments)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_mistakes_are_one_line(table):
    assert "there is no folder" in complaint(table)
    correct(table, 3)
    stray = correct(table, 1, name="9")
    assert f"1 of 2 corrected masks in {stray.parent} belong to no photo" in complaint(table)
    stray.unlink()
    write_mask(stray.with_stem("2"), np.zeros((9, 9)))
    assert "1 of 2 corrected masks cannot be trained on" in complaint(table)
    assert "the size of its photo (12, 10), got (9, 9)" in complaint(table)
    correct(table, 7, name="2")
    assert "2.png must hold 0..3 or 255, got 7" in complaint(table)
    correct(table, 1, name="2", folder="truth")
    correct(table, 1, name="2")
    assert "1 photos have a mask both to train on" in complaint(
        table, truth=stray.parents[1] / "truth"
    )
    (stray.parent / "classes.txt").write_text("background\ncat\ncow\n")
    assert "unknown class 'dog' in" in complaint(table)
