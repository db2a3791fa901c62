"""Masks as COCO instances, read by pycocotools and by our own data set."""

import logging
from pathlib import Path

import numpy as np
import pytest
from pycocotools.coco import COCO

from export.examples import CLASSES, masks, write_masks
from getam.export.coco import write_coco, write_coco_polygons


def read_back(file: Path) -> dict[str, np.ndarray]:
    coco = COCO(str(file))
    found = {}
    for image in coco.loadImgs(coco.getImgIds()):
        mask = np.zeros((image["height"], image["width"]), np.uint8)
        for annotation in coco.loadAnns(coco.getAnnIds(image["id"])):
            region = coco.annToMask(annotation).astype(bool)
            assert not mask[region].any()  # no pixel belongs to two classes
            assert annotation["area"] == region.sum()
            mask[region] = annotation["category_id"]
        found[image["file_name"].removesuffix(".png")] = mask
    return found


@pytest.mark.parametrize("write", [write_coco, write_coco_polygons])
def test_every_mask_comes_back(write, tmp_path: Path) -> None:
    (file,) = write(write_masks(tmp_path, "masks"), CLASSES, tmp_path / "out")
    found = read_back(file)
    assert found.keys() == masks().keys()
    for name, mask in masks().items():
        assert found[name].tobytes() == mask.tobytes(), name
    names = {c["id"]: c["name"] for c in COCO(str(file)).loadCats([1, 3, 20, 255])}
    assert names == {value: name for name, value in CLASSES.items()} | {255: "undecided"}


def test_polygons_where_they_can_hold_the_region(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    (file,) = write_coco_polygons(write_masks(tmp_path, "masks"), CLASSES, tmp_path)
    kinds = {
        (coco_image["file_name"], annotation["category_id"]): type(annotation["segmentation"])
        for coco_image in COCO(str(file)).dataset["images"]
        for annotation in COCO(str(file)).imgToAnns[coco_image["id"]]
    }
    assert kinds["holes.png", 1] is kinds["holes.png", 3] is dict
    assert kinds["holes.png", 20] is kinds["parts.png", 3] is kinds["ring.png", 1] is list
    count = sum(kind is dict for kind in kinds.values())
    assert any(line.startswith(f"{count} regions have holes") for line in caplog.messages)


def test_boxes_enclose_the_regions(tmp_path: Path) -> None:
    (file,) = write_coco(write_masks(tmp_path, "masks"), CLASSES, tmp_path)
    coco = COCO(str(file))
    (holes,) = (i["id"] for i in coco.dataset["images"] if i["file_name"] == "holes.png")
    boxes = {a["category_id"]: a["bbox"] for a in coco.imgToAnns[holes]}
    assert boxes == {1: [1, 1, 11, 9], 3: [4, 6, 5, 3], 20: [6, 7, 1, 1]}


def test_undecided_is_no_category_of_masks_without_it(tmp_path: Path) -> None:
    some = [mask for mask in write_masks(tmp_path, "masks") if mask.id in ("holes", "ring")]
    (file,) = write_coco(some, CLASSES, tmp_path)
    assert [c["id"] for c in COCO(str(file)).dataset["categories"]] == [1, 3, 20]
