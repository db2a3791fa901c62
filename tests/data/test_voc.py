"""PASCAL VOC roots: lists, labels of three origins, masks, saliency, broken input."""

import json

import numpy as np
import pytest

from getam.data import open_source, train_loader

from .scenes import CLASSES, LABELS, labels_of


def write_annotation(voc, name, labels):
    folder = voc / "Annotations"
    folder.mkdir(exist_ok=True)
    objects = "".join(
        f"<object><name>{label}</name><part><name>head</name></part></object>" for label in labels
    )
    (folder / f"{name}.xml").write_text(f"<annotation>{objects}</annotation>")


def test_split_classes_and_labels(voc):
    source = open_source(voc, split="train")
    assert source.classes == {"cat": 1, "cow": 2, "dog": 3}
    assert labels_of(source) == {name: LABELS[name] for name in "abcd"}
    assert source.label_vector(source.records[1]).tolist() == [0, 1, 1]
    assert len(open_source(voc)) == 5


def test_labels_from_annotations_and_from_a_file(voc):
    for name in "abcde":
        write_annotation(voc, name, ["dog", "dog", "cat"])
    assert set(labels_of(open_source(voc)).values()) == {("dog", "cat")}
    path = voc.parent / "labels.csv"
    path.write_text("image,labels\n" + "".join(f"JPEGImages/{n}.jpg,cow\n" for n in "abcde"))
    assert set(labels_of(open_source(voc, labels=path)).values()) == {("cow",)}


def test_names_default_to_the_twenty(voc):
    (voc / "classes.txt").unlink()
    source = open_source(voc, split="val")
    assert len(source.classes) == 20
    assert source.classes["dog"] == 12
    np.save(voc / "labels.npy", {name: np.eye(20)[11] for name in "abcde"})
    source = open_source(voc, labels=voc / "labels.npy")
    assert set(labels_of(source).values()) == {("dog",)}


def test_a_photo_without_an_entry_is_no_negative(voc, caplog):
    caplog.set_level("INFO")
    for name in "abc":
        write_annotation(voc, name, {"a": ["dog"], "b": [], "c": ["cat"]}[name])
    source = open_source(voc, classes=["dog", "cat"])
    assert labels_of(source) == {"a": ("dog",), "b": (), "c": ("cat",), "d": None, "e": None}
    assert [record.id for record in source.for_training().records] == ["a", "b", "c"]
    assert "nothing is known about 2 photos" in caplog.text
    (voc / "classes.txt").write_text("background\ncat\nBackground\n")
    with pytest.raises(ValueError, match="has a class 'Background'"):
        open_source(voc)


def test_labels_that_do_not_fit_the_photos(voc, caplog):
    table = {**LABELS, "ghost": ("cat",), "spook": ("cat",)}
    del table["b"]
    (voc / "image_labels.json").write_text(json.dumps(table))
    source = open_source(voc, split="train")
    assert source.records[1].labels is None
    assert [m.split(" ")[:2] for m in caplog.messages] == [["2", "entries"], ["1", "photos"]]
    with pytest.raises(ValueError, match="ghost, spook"):
        open_source(voc, split="train", strict=True)
    (voc / "image_labels.json").write_text(json.dumps({"ghost": ["cat"]}))
    with pytest.raises(ValueError, match="none of the 1 entries"):
        open_source(voc)


def test_label_of_an_unknown_class(voc):
    (voc / "image_labels.json").write_text(json.dumps({**LABELS, "a": ["dgo"]}))
    with pytest.raises(ValueError, match=r"'dgo' in .*image_labels\.json.*did you mean 'dog'"):
        open_source(voc)


def test_listed_photo_that_is_missing(voc, caplog):
    (voc / "JPEGImages" / "b.png").unlink()
    assert [r.id for r in open_source(voc, split="train").records] == ["a", "c", "d"]
    assert "1 photos of the split train in" in caplog.text
    with pytest.raises(ValueError, match="are not there: b"):
        open_source(voc, split="train", strict=True)
    (voc / "JPEGImages" / "e.png").unlink()
    with pytest.raises(ValueError, match="no photo of the split val"):
        open_source(voc, split="val")


def test_lists_with_paths_and_flags(voc):
    listed = "/JPEGImages/a.jpg /SegmentationClass/a.png\nb 1\n\nb -1\n"
    (voc / "ImageSets" / "Segmentation" / "odd.txt").write_text(listed)
    assert [record.id for record in open_source(voc, split="odd").records] == ["a", "b"]


def test_photos_in_sub_folders_are_found_by_their_stem(voc):
    for folder in ("JPEGImages", "SegmentationClass"):
        (voc / folder / "x").mkdir()
        (voc / folder / "a.png").rename(voc / folder / "x" / "a.png")
    (voc / "JPEGImages" / "b.png").rename(voc / "JPEGImages" / "x" / "b.png")
    (voc / "ImageSets" / "Segmentation" / "train.txt").write_text("a\nx/b\nx/a.png\n")
    write_annotation(voc, "a", ["cat"])
    write_annotation(voc, "b", ["dog"])
    source = open_source(voc, split="train", saliency=voc / "saliency")
    assert labels_of(source) == {"x/a": ("cat",), "x/b": ("dog",)}
    assert [record.saliency.stem for record in source.records] == ["a", "b"]
    assert [record.mask for record in source.records] == [
        voc / "SegmentationClass" / "x" / "a.png",
        voc / "SegmentationClass" / "b.png",
    ]


def test_broken_annotation(voc):
    write_annotation(voc, "a", ["cat"])
    (voc / "Annotations" / "b.xml").write_text("<annotation>")
    with pytest.raises(ValueError, match=r"cannot read the annotation .*b\.xml"):
        open_source(voc)


def test_training_never_reads_a_mask(voc):
    for path in (voc / "SegmentationClass").iterdir():
        path.write_text("whoever reads this fails")
    loader = train_loader(open_source(voc), crop=16, batch_size=2, seed=0, workers=0)
    assert {name for batch in loader for name in batch.ids} == set("abcde")


def test_real_photos(shared_data):
    root = shared_data / "voc2012_animals"
    six = ["cat", "cow", "dog", "horse", "sheep", "person"]
    saliency = root / "saliency_csnet"
    train = open_source(root, split="train_aug", classes=six, saliency=saliency).for_training()
    assert len(train) == 700
    assert len(open_source(root, split="train_aug", classes=six[:1]).for_training()) == 700
    val = open_source(root, split="val", classes=six)
    for record in val.records[::60]:
        present = {six[v - 1] for v in np.unique(val.read_truth(record)) if v not in (0, 255)}
        assert present <= set(record.labels or ())
    msrc = open_source(shared_data / "msrc_v2", split="train_objects").for_training()
    assert len(msrc.classes) == 15
    assert CLASSES[0] in msrc.classes
