"""This package writes masks and models in the formats of other programs."""

from getam.export.formats import FORMATS, export_masks
from getam.export.from_label_studio import masks_from_label_studio
from getam.export.mask_file import MaskFile, copy_masks, masks_in

__all__ = [
    "FORMATS",
    "MaskFile",
    "copy_masks",
    "export_masks",
    "masks_from_label_studio",
    "masks_in",
]
