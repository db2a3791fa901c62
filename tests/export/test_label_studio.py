"""Brush tasks, read by Label Studio's own converter."""

import json
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree

import numpy as np
import pytest

from export.examples import CLASSES, masks, write_masks
from getam.export.label_studio import LOCAL_FILES, write_label_studio

brush = pytest.importorskip(
    "label_studio_converter.brush", reason="it comes with the extra getam[readers]"
)


def layers(result: list[dict]) -> dict[str, np.ndarray]:
    """The layers of a task, by label; the converter wants a result's value unwrapped."""
    flat = [{**r, **r["value"]} for r in result]
    found = brush.decode_from_annotation("tag", flat)
    return {name.removeprefix("tag-").removesuffix("-0"): layer for name, layer in found.items()}


def test_every_mask_comes_back(tmp_path: Path) -> None:
    files = write_masks(tmp_path, "masks")
    write_label_studio(files, CLASSES, tmp_path)
    values = CLASSES | {"undecided": 255}
    for task, (name, mask) in zip(
        json.loads((tmp_path / "tasks.json").read_text()), masks().items(), strict=True
    ):
        found = np.zeros(mask.shape, np.uint8)
        for label, layer in layers(task["predictions"][0]["result"]).items():
            found[layer == 255] = values[label]
        assert found.tobytes() == mask.tobytes(), name
        assert unquote(task["data"]["image"]) == f"{LOCAL_FILES}{name}.png"


def test_the_interface_names_every_label_of_the_tasks(tmp_path: Path) -> None:
    write_label_studio(write_masks(tmp_path, "masks"), CLASSES, tmp_path)
    view = ElementTree.fromstring((tmp_path / "labels.xml").read_text(encoding="utf-8"))
    assert [label.get("value") for label in view.iter("Label")] == [*CLASSES, "undecided"]
    (brush,), (image,) = view.iter("BrushLabels"), view.iter("Image")
    assert (brush.get("name"), brush.get("toName"), image.get("name")) == ("tag", "image", "image")
