"""COCO instances written from true masks read back the same; broken files; a data.yaml."""

import json

import numpy as np
import pytest

from getam.data import open_source, train_loader

from .coco_from_masks import write_coco
from .scenes import write_photo


@pytest.fixture
def coco(voc, tmp_path):
    return write_coco(tmp_path / "coco", open_source(voc, split="train"))


def edited(coco, change):
    path = coco / "annotations" / "instances_train.json"
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))
    return coco


def test_labels_and_masks_equal_the_origin(voc, coco):
    origin, source = open_source(voc, split="train"), open_source(coco)
    assert source.classes == origin.classes
    for record, expected in zip(source.records, origin.records, strict=True):
        assert set(record.labels) == set(expected.labels)
        truth = origin.read_truth(expected)
        if not expected.labels:
            truth[truth == 255] = 0  # a crowd needs a class; this photo has none
        assert (source.read_truth(record) == truth).all()


def test_file_names_may_leave_the_folder(coco):
    (coco / "train" / "a.png").rename(coco / "a.png")
    edited(coco, lambda content: content["images"][0].update(file_name="../a.png"))
    source = open_source(coco)
    assert [record.id for record in source.records] == ["a", "train/b", "train/c", "train/d"]
    assert source.read_truth(source.records[0]).shape == (20, 36)


def test_subset_of_categories(coco):
    source = open_source(coco, classes=["dog", "cat"])
    assert [record.labels for record in source.records] == [("cat",), ("dog",), (), ()]
    assert np.unique(source.read_truth(source.records[1])).tolist() == [0, 1, 255]


def test_small_things_stay_visible_and_crowds_lie_below(coco):
    def overlap(content):
        (image, *_), (category, other, *_) = content["images"], content["categories"]

        def square(side, category, crowd=0):
            box = [0, 0, side, 0, side, side, 0, side]
            counts = {"size": [20, 36], "counts": [0, 720]}
            return {
                "id": side,
                "image_id": image["id"],
                "category_id": category["id"],
                "segmentation": counts if crowd else [box],
                "area": side * side,
                "iscrowd": crowd,
            }

        content["annotations"] = [
            square(4, category),
            square(8, other),
            square(2, category, crowd=1),
        ]

    source = open_source(edited(coco, overlap))
    truth = source.read_truth(source.records[0])
    assert (truth[:4, :4] == source.classes["dog"]).all()
    assert (truth == source.classes["cow"]).sum() == 64 - 16
    assert (truth == 255).sum() == 720 - 64


def test_real_photos_round_trip(shared_data, tmp_path):
    source = open_source(shared_data / "voc2012_animals", split="val", classes=["cat", "dog"])
    records = tuple(record for record in source.records if record.labels)[:6]
    few = type(source)(records, source.classes, source.masks)
    coco = open_source(write_coco(tmp_path / "coco", few))
    for record, expected in zip(coco.records, few.records, strict=True):
        assert (coco.read_truth(record) == few.read_truth(expected)).all()
    loader = train_loader(coco, crop=64, batch_size=3, seed=0, workers=0)
    assert sum(len(batch.ids) for batch in loader) == 6


def test_splits(coco, voc):
    write_coco(coco, open_source(voc, split="val"), split="val")
    assert len(open_source(coco, split="val")) == 1
    with pytest.raises(ValueError, match="unknown split .*there are train, val"):
        open_source(coco)
    with pytest.raises(ValueError, match="did you mean 'train'"):
        open_source(coco, split="trian")


def test_boxes_alone_are_labels_without_truth(coco):
    def without_masks(content):
        for annotation in content["annotations"]:
            del annotation["segmentation"]

    source = open_source(edited(coco, without_masks))
    assert not source.has_truth
    assert len(source.for_training()) == 4


def test_missing_photos_and_foreign_annotations(coco, caplog):
    (coco / "train" / "a.png").unlink()
    edited(coco, lambda content: content["annotations"][-1].update(image_id=9999))
    assert len(open_source(coco)) == 3
    assert [message.split(" of ")[0] for message in caplog.messages] == [
        "1 annotations",
        "1 photos",
    ]
    with pytest.raises(ValueError, match="1 annotations"):
        open_source(coco, strict=True)
    for path in (coco / "train").iterdir():
        path.unlink()
    with pytest.raises(FileNotFoundError, match="none of the 4 photos"):
        open_source(coco)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: c.pop("categories"), "list 'categories'"),
        (lambda c: c.update(images=3), "list 'images'"),
        (lambda c: c["images"].append(3), "list 'images'"),
        (lambda c: c["annotations"][0].pop("image_id"), "list 'annotations'"),
        (lambda c: c["annotations"][0].update(category_id=5), "category 5"),
        (lambda c: c["categories"].append({"id": 99, "name": "cat"}), "own id and name"),
        (lambda c: c["categories"].append({"id": 99, "name": "Background"}), "'Background'"),
    ],
)
def test_broken_instances(coco, change, message):
    with pytest.raises(ValueError, match=message):
        open_source(edited(coco, change))


def test_file_that_is_no_json(coco):
    (coco / "annotations" / "instances_train.json").write_text("{")
    with pytest.raises(ValueError, match="cannot read the instances file"):
        open_source(coco)


@pytest.mark.parametrize("segmentation", [[], [[1, 2]], {"size": [3]}, "text", None])
def test_broken_segmentation_stops_scoring_not_training(coco, segmentation):
    edited(coco, lambda c: c["annotations"][0].update(segmentation=segmentation))
    source = open_source(coco)
    assert len(source.for_training()) == 4
    with pytest.raises(ValueError, match="cannot draw annotation 1 of a"):
        source.read_truth(source.records[0])


def test_mask_of_another_size_than_the_photo(coco):
    write_photo(coco / "train" / "a.png", (7, 9))
    source = open_source(coco)
    with pytest.raises(ValueError, match=r"size of its photo \(7, 9\), got \(20, 36\)"):
        source.read_truth(source.records[0])


def test_reading_prints_nothing(coco, capsys):
    source = open_source(coco)
    source.read_truth(source.records[0])
    assert capsys.readouterr().out == ""
