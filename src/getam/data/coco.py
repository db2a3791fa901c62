"""This module reads data sets in the format of MS-COCO (Lin et al. 2014).

The labels come from a file of object instances. The masks come from the same file and serve
scoring only.
"""

import json
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from getam.data.class_names import check_class_names
from getam.data.finding import Finding, Notice, missing_photos
from getam.data.listing import name_photos
from getam.data.notice import unknown
from getam.data.once import check_once
from getam.data.outline import polygon_mask, run_length_mask
from getam.data.photo import photo_size
from getam.data.source import Record, Source
from getam.data.spelling import as_on_disk, composed
from getam.data.there import is_file
from getam.vocabulary import BACKGROUND, IGNORE


def is_coco(root: Path) -> bool:
    """Return whether a folder has the layout of MS-COCO."""
    return any((root / "annotations").glob("instances_*.json"))


def open_coco_root(root: Path, *, split: str | None, labels: Path | None, notice: Notice) -> Source:
    """Open a folder with ``annotations/instances_<split>.json`` and the photos in ``<split>``.

    The photos may also lie in ``images/<split>``, in ``images`` or in the root itself.

    Parameters
    ----------
    root
        The folder that holds ``annotations``.
    split
        Name of the split, such as ``train2017``. None is allowed if there is only one.
    labels
        Must be None: the labels are those of the instances file.
    notice
        What is told of photos and labels that do not match.

    Raises
    ------
    FileNotFoundError, ValueError
        If something is missing, unknown or malformed.
    """
    if labels is not None:
        raise ValueError(
            f"{root} carries its own labels: leave out the label file {labels} (--labels)"
        )
    prefix = "instances_"
    splits = sorted(p.stem.removeprefix(prefix) for p in root.glob(f"annotations/{prefix}*.json"))
    if split is None and len(splits) == 1:
        split = splits[0]
    if split not in splits:
        raise unknown("split", [str(split)], splits, root)
    instances = root / "annotations" / f"{prefix}{split}.json"
    folders = (root / split, root / "images" / split, root / "images", root)
    images = next(folder for folder in folders if folder.is_dir())
    return open_coco(images, instances, notice=notice)


def open_coco(images: Path, instances: Path, *, notice: Notice) -> Source:
    """Open an instances file of COCO.

    The classes are the categories of the file in the order of their ids. The value of a class in
    the masks is its position + 1, so gaps in the ids make no gaps in the values. Crowds count as
    labels. A photo without an annotation shows none of the classes.

    Parameters
    ----------
    images
        The folder that each ``file_name`` in the instances file is relative to.
    instances
        The JSON file of COCO's object instances.
    notice
        What is told of missing photos, and of annotations that belong to no photo.

    Raises
    ------
    FileNotFoundError
        If the folder or the file is missing, or none of the photos is there.
    ValueError
        If the file is malformed, or a category is called background.
    """
    content = _read_instances(instances)
    names = _category_names(content, instances)
    labels = _labels_by_image(content, names, instances, notice)
    photos = _photos_by_id(content, images, instances, notice)
    image_ids = {photo: image_id for image_id, photo in photos.items()}
    named = name_photos(photos.values(), images)
    drawn = any("segmentation" in annotation for annotation in content["annotations"])
    records = tuple(
        Record(name, photo, labels[image_ids[photo]], mask=instances if drawn else None)
        for name, photo in named.items()
    )
    values = {category: value for value, category in enumerate(names, start=1)}
    masks = CocoMasks(
        instances, image_ids={n: image_ids[photo] for n, photo in named.items()}, values=values
    )
    classes = {names[category]: value for category, value in values.items()}
    return Source(records, classes, masks if drawn else None, name=str(instances))


class CocoMasks:
    """A `CocoMasks` draws the mask of a photo from its annotations.

    The annotations are read when the first mask is asked for.

    Parameters
    ----------
    instances
        The JSON file of COCO's object instances.
    image_ids
        The id of each image in that file, by the id of its record.
    values
        The mask value of each category, by the id of the category.
    """

    def __init__(
        self, instances: Path, *, image_ids: Mapping[str, int], values: Mapping[int, int]
    ) -> None:
        self.instances = instances
        self.image_ids = image_ids
        self.values = values

    def __call__(self, record: Record) -> np.ndarray:
        """Draw the mask of a record, int32 [H, W].

        Background has the value 0, a category its position + 1, and a crowd 255. Crowds are drawn
        first, then instances from the largest to the smallest. A small thing in front of a large
        one therefore stays visible.

        Raises
        ------
        ValueError
            If the mask of an annotation is missing or cannot be decoded.
        """
        image_id = self.image_ids[record.id]
        images, annotations = self._content
        info = images[image_id]
        size = (info["height"], info["width"])
        if size != photo_size(record.image):  # before memory is asked for, as much as the file says
            raise ValueError(
                f"the mask of {record.id} must have the size of its photo "
                f"{photo_size(record.image)}, got {size} in {self.instances}"
            )
        drawn = np.full(size, BACKGROUND, dtype=np.int32)
        for annotation in sorted(annotations.get(image_id, ()), key=_drawing_order):
            value = self.values[annotation["category_id"]]
            inside = self._inside(annotation, record.id, size)
            drawn[inside] = IGNORE if annotation.get("iscrowd") else value
        return drawn

    @cached_property
    def _content(self) -> tuple[dict[Any, dict[str, Any]], dict[Any, list[dict[str, Any]]]]:
        """Return the images by their ids, and the annotations by the ids of their images."""
        content = _read_instances(self.instances)
        annotations: dict[Any, list[dict[str, Any]]] = {}
        for annotation in content["annotations"]:
            annotations.setdefault(annotation["image_id"], []).append(annotation)
        return {image["id"]: image for image in content["images"]}, annotations

    def _inside(self, annotation: dict[str, Any], name: str, size: tuple[int, int]) -> np.ndarray:
        try:
            outline = annotation["segmentation"]
            if isinstance(outline, dict):
                return run_length_mask(outline, size)
            return polygon_mask(outline, size)
        except Exception as error:  # the decoder raises whatever the content makes it raise
            raise ValueError(
                f"cannot draw annotation {annotation.get('id')} of {name} in {self.instances}: "
                f"{type(error).__name__} {error}"
            ) from error


def _drawing_order(annotation: dict[str, Any]) -> tuple[bool, float]:
    area = annotation.get("area", 0)
    return not annotation.get("iscrowd"), -area if isinstance(area, int | float) else 0


def _read_instances(path: Path) -> dict[str, list[dict[str, Any]]]:
    if not path.is_file():
        raise FileNotFoundError(f"there is no instances file {path}")
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"cannot read the instances file {path}: {error}") from error
    for part, kinds in _NEEDED.items():
        entries = content.get(part) if isinstance(content, dict) else None
        if not isinstance(entries, list) or not all(_is_entry(entry, kinds) for entry in entries):
            raise ValueError(
                f"{path} must hold a list {part!r} of entries with {sorted(kinds)}, each of the "
                "right kind"
            )
    if len({isinstance(category["id"], str) for category in content["categories"]}) > 1:
        raise ValueError(f"{path} must have categories whose ids are all numbers or all texts")
    return content


_ID: Any = int | float | str
_NEEDED: dict[str, dict[str, Any]] = {
    "images": {"id": _ID, "file_name": str, "height": int, "width": int},
    "annotations": {"image_id": _ID, "category_id": _ID},
    "categories": {"id": _ID, "name": str},
}
"""The lists of an instances file, with what every entry must hold and of which kind it is."""


def _is_entry(entry: object, kinds: Mapping[str, Any]) -> bool:
    return isinstance(entry, dict) and all(
        isinstance(entry.get(key), kind) for key, kind in kinds.items()
    )


def _category_names(content: dict[str, list[dict[str, Any]]], path: Path) -> dict[int, str]:
    names = {
        c["id"]: composed(c["name"]) for c in sorted(content["categories"], key=lambda c: c["id"])
    }
    if not names or len(set(names.values())) < len(content["categories"]):
        raise ValueError(f"{path} must have categories, each with its own id and name")
    check_class_names(names.values(), path)
    return names


def _labels_by_image(
    content: dict[str, list[dict[str, Any]]], names: dict[int, str], path: Path, notice: Notice
) -> dict[int, tuple[str, ...]]:
    shown: dict[int, set[int]] = {image["id"]: set() for image in content["images"]}
    known = set(shown)
    lost: list[str] = []
    for annotation in content["annotations"]:
        if annotation["category_id"] not in names:
            raise ValueError(
                f"{path} has an annotation of category {annotation['category_id']}, which is not "
                "in its categories"
            )
        if annotation["image_id"] not in known:
            lost.append(f"annotation {annotation.get('id')} of image {annotation['image_id']}")
        shown.setdefault(annotation["image_id"], set()).add(annotation["category_id"])
    if lost:
        message = f"{len(lost)} annotations of {path} belong to no image in it"
        advice = "add the images to its list, or remove the annotations"
        notice(Finding("warning", "labels without a photo", message, advice, tuple(lost)))
    return {
        image: tuple(name for category, name in names.items() if category in categories)
        for image, categories in shown.items()
    }


def _photos_by_id(
    content: dict[str, list[dict[str, Any]]], images: Path, path: Path, notice: Notice
) -> dict[int, Path]:
    if not images.is_dir():
        raise FileNotFoundError(f"there is no folder {images} for the photos of {path}")
    photos = {image["id"]: as_on_disk(images / image["file_name"]) for image in content["images"]}
    check_once(
        ((image["file_name"], photos[image["id"]]) for image in content["images"]),
        path,
        notice=notice,
    )
    found = {image: photo for image, photo in photos.items() if is_file(photo)}
    missing = [str(photo) for image, photo in photos.items() if image not in found]
    if not found:
        raise FileNotFoundError(f"none of the {len(photos)} photos of {path} is in {images}")
    if missing:
        notice(missing_photos(missing, path))
    return found
