"""This package writes masks and models in the formats of other programs."""

from getam.export.formats import FORMATS, export_masks
from getam.export.from_label_studio import masks_from_label_studio
from getam.export.mask_file import MaskFile, copy_masks, masks_in
from getam.export.onnx_check import OnnxCheck
from getam.export.onnx_file import ONNX_FILE, write_onnx

__all__ = [
    "FORMATS",
    "ONNX_FILE",
    "MaskFile",
    "OnnxCheck",
    "copy_masks",
    "export_masks",
    "masks_from_label_studio",
    "masks_in",
    "write_onnx",
]
