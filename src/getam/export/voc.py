"""This module completes a folder of masks to the layout of PASCAL VOC (Everingham et al. 2012).

The masks lie in ``SegmentationClass`` already: palette PNG in the colours of VOC.
"""

from collections.abc import Sequence
from pathlib import Path

from getam.data.class_list import CLASS_LIST, class_list
from getam.export.mask_file import MaskFile
from getam.export.names import names_of_values
from getam.files import write_text
from getam.report import palette
from getam.vocabulary import BACKGROUND

SPLIT = "default"
"""The name of the list of photos. CVAT gives its own lists this name."""


def write_voc(masks: Sequence[MaskFile], classes: dict[str, int], out: Path) -> list[Path]:
    """Write the list of photos and ``classes.txt``, whose line n + 1 names the value n.

    An empty line means that no class has this value.
    """
    listed = out / CLASS_LIST
    write_text(listed, class_list(classes))
    return [_write_list(masks, out), listed]


def write_cvat(masks: Sequence[MaskFile], classes: dict[str, int], out: Path) -> list[Path]:
    """Write the list of photos and ``labelmap.txt``, as CVAT's "Segmentation mask 1.1" reads it.

    A line of the label map is ``name:red,green,blue:parts:actions``.

    Raises
    ------
    ValueError
        If the format cannot hold the name of a class or of a photo.
    """
    for name in classes:
        if ":" in name or not _survives(name):
            raise ValueError(
                f"CVAT's label map cannot hold the class {name!r}: rename it without a colon, a # "
                "at its beginning, and spaces around it"
            )
    for mask in masks:
        if not _survives(mask.id):
            raise ValueError(
                f"CVAT's list of photos cannot hold {mask.id!r}: rename the photo without a # at "
                "its beginning, and spaces around it"
            )
    names = {BACKGROUND: "background"} | names_of_values(classes)
    colours = {value: ",".join(map(str, palette()[value].tolist())) for value in names}
    lines = [f"{name}:{colours[value]}::" for value, name in names.items()]
    return [_write_list(masks, out), _write(out / "labelmap.txt", lines)]


def _survives(name: str) -> bool:
    return name == name.strip() and not name.startswith("#")


def _write_list(masks: Sequence[MaskFile], out: Path) -> Path:
    return _write(out / "ImageSets" / "Segmentation" / f"{SPLIT}.txt", [mask.id for mask in masks])


def _write(path: Path, lines: Sequence[str]) -> Path:
    write_text(path, "\n".join(lines) + "\n")
    return path
