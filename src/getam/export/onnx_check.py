"""This module compares an ONNX file with the predictor that it was made of."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import interpolate

from getam.inference import Predictor
from getam.model import Model
from getam.network import weigh_by_tags

SIZES = ((240, 320), (333, 181))
"""Heights and widths of the photos to compare with. One is wide, one is high and of odd sides."""

MOST_DIFFERENT = 0.001
"""The share of pixels that may have another class: those on the border between two classes."""

MOST_APART = 0.05
"""How far apart logits may be, as a share of the largest one. Bytes that are rounded otherwise move
them a little: the file resizes in single precision, torchvision in whole numbers."""


@dataclass(frozen=True)
class OnnxCheck:
    """A check says how near an ONNX file is to :class:`getam.Predictor`.

    Attributes
    ----------
    difference
        The largest difference of two mask logits.
    largest
        The largest absolute value of a mask logit.
    different
        The share of pixels whose class is another one.
    sizes
        Heights and widths of the photos.
    """

    difference: float
    largest: float
    different: float
    sizes: Sequence[tuple[int, int]]

    def __str__(self) -> str:
        """Say what was found."""
        sizes = " and ".join(f"{width}x{height}" for height, width in self.sizes)
        return (
            f"compared with one plain pass of getam predict on photos of {sizes} pixels: the "
            f"largest difference of the logits is {self.difference:.2g} (logits reach "
            f"{self.largest:.2g}), and the class is the same in {1 - self.different:.3%} of pixels"
        )


def check_onnx(model: Model, path: Path, *, sizes: Sequence[tuple[int, int]] = SIZES) -> OnnxCheck:
    """Compare an ONNX file, run by onnxruntime, with one plain pass of a predictor.

    The photos are drawn at random: smooth stains of colour.

    Raises
    ------
    ValueError
        If more than :data:`MOST_DIFFERENT` of the pixels have another class, or if logits are
        further apart than :data:`MOST_APART` allows.
    """
    session = onnx_session(path)
    predictor = Predictor(model, model.view.plain())
    values = np.array([0, *model.classes.values()], np.uint8)
    differences, tops, unequal = [], [], []
    for photo in drawn_photos(sizes):
        expected = plain_logits(predictor, photo).numpy()
        mask, logits, _ = session.run(None, {"photo": photo[None].float().numpy()})
        differences.append(float(np.abs(logits[0] - expected).max()))
        tops.append(float(np.abs(expected).max()))
        unequal.append(mask[0] != values[predictor(photo).mask.numpy()])
    different = float(np.concatenate([each.ravel() for each in unequal]).mean())
    check = OnnxCheck(max(differences), max(tops), different, tuple(sizes))
    if different > MOST_DIFFERENT or check.difference > MOST_APART * check.largest:
        raise ValueError(f"the ONNX file does not predict what the model predicts: {check}")
    return check


def onnx_session(path: Path) -> Any:
    """Open an ONNX file with onnxruntime on the CPU, with as many threads as torch has."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


@torch.inference_mode()
def plain_logits(predictor: Predictor, photo: Tensor) -> Tensor:
    """Return the mask logits [C + 1, H, W] of a photo uint8 [3, H, W]; arg max is the mask."""
    mask_logits, class_logits = predictor.logits(photo.to(predictor.device))
    weighed = weigh_by_tags(mask_logits, class_logits, predictor.tag_weight)
    size = (photo.shape[-2], photo.shape[-1])
    return interpolate(weighed, size, mode="bilinear", align_corners=False)[0].cpu()


def drawn_photos(sizes: Sequence[tuple[int, int]]) -> list[Tensor]:
    """Draw a photo uint8 [3, H, W] of each size: stains of random colours, always the same."""
    random = torch.Generator().manual_seed(0)
    stains = (torch.rand(1, 3, 6, 6, generator=random) * 255 for _ in sizes)
    return [
        interpolate(stain, size, mode="bilinear")[0].round().byte()
        for stain, size in zip(stains, sizes, strict=True)
    ]
