"""This module writes masks as instances of MS-COCO (Lin et al. 2014), through pycocotools.

A mask has no instances: all pixels of a class in a photo are one annotation. The id of a category
is the mask value of the class.
"""

import json
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pycocotools import mask as coder

from getam.export.mask_file import MaskFile, photo_names
from getam.export.names import names_of_values, regions
from getam.export.polygons import outlines
from getam.files import whole_file

logger = logging.getLogger(__name__)

Segmentation = dict[str, Any] | list[list[int]]


def write_coco(masks: Sequence[MaskFile], classes: dict[str, int], out: Path) -> list[Path]:
    """Write ``annotations.json`` with one compressed RLE per class of a photo; nothing is lost."""
    return _write(masks, classes, out, encode=run_lengths)


def write_coco_polygons(
    masks: Sequence[MaskFile], classes: dict[str, int], out: Path
) -> list[Path]:
    """Write ``annotations.json`` with polygons; a region that polygons cannot hold stays RLE.

    A log line counts those. COCO fills the union of the polygons of an annotation, so polygons
    cannot hold a hole.
    """
    kept = 0

    def encode(region: np.ndarray) -> Segmentation:
        nonlocal kept
        polygons = outlines(region)
        if polygons is not None and _same(polygons, region):
            return polygons
        kept += 1
        return run_lengths(region)

    written = _write(masks, classes, out, encode=encode)
    if kept:
        logger.info("%d regions have holes, which polygons cannot hold: they are RLE", kept)
    return written


def run_lengths(region: np.ndarray) -> dict[str, Any]:
    """Return a region, bool [H, W], as the compressed RLE of COCO."""
    encoded = coder.encode(np.asfortranarray(region.astype(np.uint8)))
    return {"size": [int(side) for side in encoded["size"]], "counts": encoded["counts"].decode()}


def _same(polygons: list[list[int]], region: np.ndarray) -> bool:
    """Return whether COCO's own reader makes the region of the polygons, pixel by pixel."""
    merged = coder.merge(coder.frPyObjects(polygons, *region.shape))
    return bool((coder.decode(merged).astype(bool) == region).all())


def _write(
    masks: Sequence[MaskFile],
    classes: dict[str, int],
    out: Path,
    *,
    encode: Callable[[np.ndarray], Segmentation],
) -> list[Path]:
    names = names_of_values(classes)
    shared, files = photo_names(masks)
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for number, (mask, file) in enumerate(zip(masks, files, strict=True), start=1):
        values = mask.read()
        height, width = values.shape
        images.append({"id": number, "file_name": file, "height": height, "width": width})
        for value, region in regions(values, names).items():
            annotation = {"id": len(annotations) + 1, "image_id": number, "category_id": value}
            annotations.append(annotation | _shape_of(region) | {"segmentation": encode(region)})
    used = {*classes.values(), *(annotation["category_id"] for annotation in annotations)}
    categories = [{"id": v, "name": name} for v, name in names.items() if v in used]
    content = {"images": images, "annotations": annotations, "categories": categories}
    with whole_file(out / "annotations.json") as temporary:
        temporary.write_text(json.dumps(content), encoding="utf-8")
    logger.info("the names of photos in annotations.json are relative to %s", shared)
    return [out / "annotations.json"]


def _shape_of(region: np.ndarray) -> dict[str, Any]:
    rows, columns = np.flatnonzero(region.any(1)), np.flatnonzero(region.any(0))
    left, top = int(columns[0]), int(rows[0])
    box = [left, top, int(columns[-1]) + 1 - left, int(rows[-1]) + 1 - top]
    return {"bbox": box, "area": int(region.sum()), "iscrowd": 0}
