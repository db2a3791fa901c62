"""This module brings masks back that were corrected in Label Studio."""

import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from getam.data.notice import unknown
from getam.export.brush import unpack_region
from getam.export.names import names_of_values
from getam.places import place_below
from getam.report import save_mask
from getam.vocabulary import BACKGROUND

logger = logging.getLogger(__name__)

MOST_PIXELS = 178_956_970
"""A photo has at most so many pixels, as where photos are read."""


def masks_from_label_studio(
    export: str | Path, out: str | Path, *, classes: dict[str, int]
) -> list[Path]:
    """Write the brush annotations of an export in Label Studio's JSON format as palette PNGs.

    Of several annotations of a photo the last one counts, and where regions overlap, the later one.
    A photo without a region is left out, and one line counts such photos.

    Parameters
    ----------
    export
        The JSON file. Its tasks are those of ``getam export --format labelstudio``.
    out
        The folder to write to. ``ID.png`` is the mask of the photo with the id ``ID``.
    classes
        The value of each class in the masks, by its name.

    Returns
    -------
    list of Path
        The files that were written.

    Raises
    ------
    ValueError
        If the file is no such export, if a label is no class, or if a region is damaged.
    """
    values = {name: value for value, name in names_of_values(classes).items()}
    masks = {}
    try:
        tasks = json.loads(Path(export).read_text(encoding="utf-8"))
        for task in tasks:
            regions = _regions(task)
            if regions:
                masks[place_below(Path(out), task["data"]["id"], ".png")] = _mask(regions, values)
    except (LookupError, TypeError, AttributeError, RecursionError, json.JSONDecodeError) as error:
        raise ValueError(
            f"{export} is no JSON export of the brush tasks that getam made ({error!r})"
        ) from None
    if len(masks) < len(tasks):
        count = len(tasks) - len(masks)
        logger.info("%d of %d tasks of %s have no region: left out", count, len(tasks), export)
    for path, mask in masks.items():
        save_mask(path, mask)
    return list(masks)


def _regions(task: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the brush regions of the last annotation of a task."""
    annotations = [each for each in task["annotations"] if not each.get("was_cancelled")]
    results = annotations[-1]["result"] if annotations else []
    return [result for result in results if result["type"] == "brushlabels"]


def _mask(regions: list[dict[str, Any]], values: Mapping[str, int]) -> np.ndarray:
    """Return the mask, uint8 [H, W], that the regions of one photo make."""
    size = (regions[0]["original_height"], regions[0]["original_width"])
    if not all(type(side) is int and side > 0 for side in size) or size[0] * size[1] > MOST_PIXELS:
        raise ValueError(f"a photo of the export of Label Studio cannot have the size {size}")
    mask = np.full(size, BACKGROUND, dtype=np.uint8)
    for region in regions:
        (label,) = region["value"]["brushlabels"]
        if label not in values:
            raise unknown("label", [label], values, "the export of Label Studio")
        mask[unpack_region(region["value"]["rle"], size)] = values[label]
    return mask
