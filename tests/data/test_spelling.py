"""Names with accents are found whichever of the two Unicode spellings stands where."""

import json
from unicodedata import normalize

import numpy as np
import pytest

from getam.data import list_photos, open_source
from getam.data.spelling import as_on_disk, composed

from .coco_from_masks import write_coco
from .scenes import CLASSES, write_mask, write_photo, write_voc

FORMS = ("NFC", "NFD")
NAME, FOLDER, CLASS = "émeu", "été", "bébé"


@pytest.fixture(params=FORMS)
def disk(request):
    """How names are spelled on disk; the other way in lists."""
    return lambda name: normalize(request.param, name)


@pytest.fixture
def listed(disk):
    form = "NFD" if disk(NAME) == normalize("NFC", NAME) else "NFC"
    return lambda name: normalize(form, name)


def test_composed():
    assert composed(normalize("NFD", NAME)) == normalize("NFC", NAME)


def test_a_path_as_it_is_on_disk(tmp_path, disk, listed):
    photo = write_photo(tmp_path / disk(FOLDER) / disk(f"{NAME}.png"))
    assert as_on_disk(tmp_path / listed(FOLDER) / listed(f"{NAME}.png")) == photo
    assert as_on_disk(photo) == photo
    missing = tmp_path / listed(FOLDER) / "é.png"
    assert as_on_disk(missing) == missing
    later = write_photo(tmp_path / disk(FOLDER) / disk("é.png"))
    assert as_on_disk(tmp_path / listed(FOLDER) / listed("é.png")) == later


def test_a_table(tmp_path, disk, listed):
    photo = write_photo(tmp_path / disk(FOLDER) / disk(f"{NAME}.png"))
    for ending in (".png", ""):
        text = f"image,labels\n{FOLDER}/{NAME}{ending},{CLASS}\n"
        (tmp_path / "tags.csv").write_text(listed(text), encoding="utf-8")
        source = open_source(tmp_path / "tags.csv", classes=[disk(CLASS)])
        assert [record.image for record in source.records] == [photo]
        assert source.records[0].labels == (normalize("NFC", CLASS),)


def test_class_folders_and_label_files(tmp_path, disk, listed):
    photo = write_photo(tmp_path / disk(CLASS) / disk(f"{NAME}.png"))
    write_photo(tmp_path / disk("né") / "2.png")
    source = open_source(tmp_path, none=listed("né"))
    assert list(source.classes) == [normalize("NFC", CLASS)]
    (tmp_path / "tags.json").write_text(json.dumps({listed(f"{CLASS}/{NAME}.png"): ["cat"]}))
    source = open_source(tmp_path, labels=tmp_path / "tags.json")
    assert {r.image: r.labels for r in source.records if r.labels} == {photo: ("cat",)}
    (tmp_path / "list.txt").write_text(listed(f"{CLASS}/{NAME}.png\n"), encoding="utf-8")
    assert [record.image for record in list_photos(tmp_path / "list.txt").records] == [photo]


def test_a_voc_root_with_everything_that_goes_by_name(tmp_path, disk, listed):
    root = write_voc(tmp_path / "voc")
    for photo in (root / "JPEGImages", root / "SegmentationClass"):
        (photo / "a.png").rename(photo / disk(f"{NAME}.png"))
    (root / "saliency" / "a.jpg").rename(root / "saliency" / listed(f"{NAME}.jpg"))
    text = (root / "image_labels.json").read_text().replace('"a"', f'"{listed(NAME)}"')
    (root / "image_labels.json").write_text(text)
    split = root / "ImageSets" / "Segmentation" / "train.txt"
    split.write_text(listed(f"{NAME}\nb\n"), encoding="utf-8")
    source = open_source(root, split="train", saliency=root / "saliency")
    first = source.records[0]
    assert first.labels == ("cat",)
    assert first.image.is_file()
    assert first.saliency.is_file()
    assert (source.read_truth(first) == 1).any()
    folder = root / "Annotations"
    folder.mkdir()
    xml = "<annotation><object><name>dog</name></object></annotation>"
    (folder / listed(f"{NAME}.xml")).write_text(xml)
    assert open_source(root, split="train").records[0].labels == ("dog",)


def test_instances(voc, tmp_path, disk, listed):
    coco = write_coco(tmp_path / "coco", open_source(voc, split="train"))
    (coco / "train" / "a.png").rename(coco / "train" / disk(f"{NAME}.png"))
    path = coco / "annotations" / "instances_train.json"
    path.write_text(path.read_text().replace('"a.png"', json.dumps(listed(f"{NAME}.png"))))
    source = open_source(coco)
    assert len(source) == 4
    assert (source.read_truth(source.records[0]) == 1).any()


def test_masks_and_class_lists(tmp_path, disk, listed):
    write_photo(tmp_path / "photos" / disk(CLASS) / disk(f"{NAME}.png"), (4, 4))
    write_mask(tmp_path / "truth" / listed(f"{NAME}.png"), np.full((4, 4), 2))
    (tmp_path / "truth" / "classes.txt").write_text(listed(f"background\n{CLASSES[0]}\n{CLASS}\n"))
    source = open_source(tmp_path / "photos", truth=tmp_path / "truth")
    assert (source.read_truth(source.records[0]) == 1).all()
