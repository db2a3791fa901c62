"""COCO's own instances format written from true masks, for the tests of reading and training."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
from pycocotools import mask as rle

from getam.data import Source


def write_coco(folder: Path, source: Source, *, split: str = "train") -> Path:
    """Write a COCO root whose truth equals that of ``source``, pixel by pixel.

    Classes take turns as polygons and compressed RLE; what is 255 becomes an uncompressed RLE crowd
    of a class that is in the photo. Category ids have gaps, and their list is out of order.

    Returns
    -------
    Path
        ``folder``, with ``annotations/instances_<split>.json`` and the photos in ``<split>``.
    """
    photos = folder / split
    photos.mkdir(parents=True)
    categories = [{"id": 7 * i + 4, "name": name} for i, name in enumerate(source.classes)]
    images, annotations = [], []
    for image_id, record in enumerate(source.records, start=100):
        shutil.copy(record.image, photos / record.image.name)
        truth = source.read_truth(record)
        height, width = truth.shape
        name = record.image.name
        images.append({"id": image_id, "file_name": name, "height": height, "width": width})
        annotations += [
            {"image_id": image_id, **annotation} for annotation in _annotate(truth, categories)
        ]
    for number, annotation in enumerate(annotations, start=1):
        annotation["id"] = number
    path = folder / "annotations" / f"instances_{split}.json"
    path.parent.mkdir(exist_ok=True)
    content = {"images": images, "annotations": annotations, "categories": categories[::-1]}
    path.write_text(json.dumps(content))
    return folder


def _annotate(truth: np.ndarray, categories: list[dict[str, Any]]) -> list[dict[str, Any]]:
    values = [int(value) for value in np.unique(truth) if value not in (0, 255)]
    annotations = [
        {
            "category_id": categories[value - 1]["id"],
            "segmentation": (_polygons if value % 2 else _compressed)(truth == value),
            "area": int((truth == value).sum()),
            "iscrowd": 0,
        }
        for value in values
    ]
    if values and (truth == 255).any():
        crowd = {
            "category_id": categories[values[0] - 1]["id"],
            "segmentation": _uncompressed(truth == 255),
            "area": int((truth == 255).sum()),
            "iscrowd": 1,
        }
        annotations.append(crowd)
    return annotations


def _polygons(inside: np.ndarray) -> list[list[int]]:
    """One rectangle per run of pixels in a row."""
    rectangles = []
    for y, row in enumerate(inside):
        edges = np.flatnonzero(np.diff(np.pad(row.astype(int), 1))).tolist()
        for left, right in zip(edges[::2], edges[1::2], strict=True):
            rectangles.append([left, y, right, y, right, y + 1, left, y + 1])
    return rectangles


def _compressed(inside: np.ndarray) -> dict[str, Any]:
    encoded = rle.encode(np.asfortranarray(inside.astype(np.uint8)))
    return {"size": encoded["size"], "counts": encoded["counts"].decode()}


def _uncompressed(inside: np.ndarray) -> dict[str, Any]:
    flat = inside.astype(int).ravel(order="F")
    changes = np.flatnonzero(np.diff(flat, prepend=0)).tolist()
    counts = np.diff([0, *changes, flat.size]).tolist()
    return {"size": list(inside.shape), "counts": counts}
