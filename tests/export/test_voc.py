"""The layout of VOC, read by torchvision, by our own data set and, with a label map, as CVAT does.

CVAT reads "Segmentation mask 1.1" with the importer of Datumaro for the masks of VOC.
"""

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from torchvision.datasets import VOCSegmentation

from export.examples import CLASSES, masks, write_masks
from getam.data import open_source
from getam.export.voc import write_cvat, write_voc


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """A folder in the layout of VOC, with the photos brought along."""
    out = tmp_path / "VOCdevkit" / "VOC2012"
    files = write_masks(tmp_path, "VOCdevkit/VOC2012/SegmentationClass")
    for file in files:
        photo = out / "JPEGImages" / f"{file.id}.jpg"
        photo.parent.mkdir(parents=True, exist_ok=True)
        Image.open(file.photo).save(photo)
    write_voc(files, CLASSES, out)
    return out


def test_torchvision_reads_every_mask(out: Path) -> None:
    lists = out / "ImageSets" / "Segmentation"
    shutil.copy(lists / "default.txt", lists / "val.txt")  # the only names that it knows
    dataset = VOCSegmentation(out.parents[1], image_set="val")
    assert len(dataset) == len(masks())
    for (_, mask), (name, expected) in zip(dataset, masks().items(), strict=True):
        assert np.array(mask).tobytes() == expected.tobytes(), name


def test_our_own_data_set_reads_classes_and_masks(out: Path) -> None:
    source = open_source(out, split="default")
    assert source.classes == CLASSES
    assert source.masks is not None
    for record, (name, mask) in zip(source.records, masks().items(), strict=True):
        assert record.id == name
        assert (source.masks(record) == mask).all()


def test_datumaro_reads_every_mask_as_cvat_does(tmp_path: Path) -> None:
    datumaro = pytest.importorskip("datumaro", reason="it comes with the extra getam[readers]")
    files = write_masks(tmp_path, "out/SegmentationClass")
    write_cvat(files, CLASSES, tmp_path / "out")
    dataset = datumaro.Dataset.import_from(str(tmp_path / "out"), "voc_segmentation")
    labels = dataset.categories()[datumaro.AnnotationType.label]
    values = {"background": 0, **CLASSES, "undecided": 255}
    items = {item.id: item for item in dataset}
    assert items.keys() == masks().keys()
    for name, mask in masks().items():
        found = np.zeros(mask.shape, np.uint8)
        for annotation in items[name].annotations:
            found[annotation.image.astype(bool)] = values[labels[annotation.label].name]
        assert found.tobytes() == mask.tobytes(), name


@pytest.mark.parametrize("name", ["a:b", "#a", " a"])
def test_cvat_cannot_hold_some_class_names(name: str, tmp_path: Path) -> None:
    files = write_masks(tmp_path, "SegmentationClass")
    with pytest.raises(ValueError, match="cannot hold the class"):
        write_cvat(files, {name: 1}, tmp_path)
