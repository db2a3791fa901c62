"""This module knows the formats of masks by name."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from getam.export.coco import write_coco, write_coco_polygons
from getam.export.label_studio import write_label_studio
from getam.export.mask_file import MaskFile
from getam.export.voc import write_cvat, write_voc

Writer = Callable[[Sequence[MaskFile], dict[str, int], Path], list[Path]]


@dataclass(frozen=True)
class Format:
    """A format says what a program wants beside palette PNGs.

    Attributes
    ----------
    write
        The function from mask files, classes with their values and a folder to written files.
    files
        The files that it writes, relative to the folder.
    masks
        The folder of the palette PNGs, relative to the folder.
    """

    write: Writer
    files: tuple[str, ...]
    masks: str = "masks"


_LIST = "ImageSets/Segmentation/default.txt"

FORMATS: dict[str, Format] = {
    "voc": Format(write_voc, (_LIST, "classes.txt"), "SegmentationClass"),
    "cvat": Format(write_cvat, (_LIST, "labelmap.txt"), "SegmentationClass"),
    "coco": Format(write_coco, ("annotations.json",)),
    "coco-polygons": Format(write_coco_polygons, ("annotations.json",)),
    "labelstudio": Format(write_label_studio, ("tasks.json", "labels.xml")),
}
"""The formats of masks by name."""


def export_masks(
    masks: Sequence[MaskFile], out: str | Path, *, format: str, classes: dict[str, int]
) -> list[Path]:
    """Write masks in the format of another program.

    Parameters
    ----------
    masks
        The palette PNGs. Those of ``voc`` and ``cvat`` must lie in ``OUT/SegmentationClass``.
    out
        The folder to write to.
    format
        A name of :data:`FORMATS`.
    classes
        The value of each class in the masks, by its name.

    Returns
    -------
    list of Path
        The files that were written.

    Raises
    ------
    ValueError
        If the format is unknown, if it cannot hold a name, or if a library is missing.
    """
    if format not in FORMATS:
        raise ValueError(f"format must be one of {', '.join(FORMATS)}, got {format!r}")
    return FORMATS[format].write(masks, classes, Path(out))
