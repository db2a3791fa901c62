"""This module writes masks as brush tasks of Label Studio, to be corrected there."""

import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote
from xml.sax.saxutils import quoteattr

from getam.export.brush import pack_region
from getam.export.mask_file import MaskFile, photo_names
from getam.export.names import names_of_values, regions
from getam.files import write_text
from getam.report import palette

logger = logging.getLogger(__name__)

LOCAL_FILES = "/data/local-files/?d="
"""Label Studio serves files of its local storage at this address."""


def write_label_studio(masks: Sequence[MaskFile], classes: dict[str, int], out: Path) -> list[Path]:
    """Write ``tasks.json``, whose predictions are the masks, and the interface ``labels.xml``."""
    names = names_of_values(classes)
    shared, files = photo_names(masks)
    tasks = [_task(mask, file, names) for mask, file in zip(masks, files, strict=True)]
    write_text(out / "tasks.json", json.dumps(tasks))
    write_text(out / "labels.xml", _interface(names))
    logger.info("the photos of tasks.json are relative to the document root %s", shared)
    return [out / "tasks.json", out / "labels.xml"]


def _task(mask: MaskFile, file: str, names: dict[int, str]) -> dict[str, Any]:
    values = mask.read()
    height, width = values.shape
    results = [
        {
            "id": f"{value}",
            "type": "brushlabels",
            "from_name": "tag",
            "to_name": "image",
            "original_width": width,
            "original_height": height,
            "image_rotation": 0,
            "value": {"format": "rle", "rle": pack_region(region), "brushlabels": [names[value]]},
        }
        for value, region in regions(values, names).items()
    ]
    data = {"image": LOCAL_FILES + quote(file, errors="surrogateescape"), "id": mask.id}
    return {"data": data, "predictions": [{"model_version": "getam", "result": results}]}


def _interface(names: dict[int, str]) -> str:
    """Return the labelling interface, with the classes in the colours of the masks."""
    labels = "".join(
        f"    <Label value={quoteattr(name)} background={quoteattr(_hex(value))}/>\n"
        for value, name in names.items()
    )
    return (
        '<View>\n  <Image name="image" value="$image" zoom="true"/>\n'
        f'  <BrushLabels name="tag" toName="image">\n{labels}  </BrushLabels>\n</View>\n'
    )


def _hex(value: int) -> str:
    return "#" + "".join(f"{channel:02x}" for channel in palette()[value].tolist())
