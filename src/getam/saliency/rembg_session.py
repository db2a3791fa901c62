"""Saliency by a network of the package rembg, which fetches its weights when it is first used."""

from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import torch
from torch import Tensor
from torchvision.transforms.v2.functional import pil_to_tensor, to_pil_image

from getam.extra import needs
from getam.network import Network
from getam.saliency.provider import About, Provider

NAME = "rembg"
LICENCES = {"u2net": "Apache-2.0"}


def rembg_session(
    _network: Callable[[], Network], *, model: str = "u2net", **options: Any
) -> Provider:
    """Return the provider that runs a network of rembg.

    Parameters
    ----------
    model
        A model name of rembg. The default is U-2-Net (Qin et al., Pattern Recognition 2020), which
        was trained with the masks of DUTS; its weights may be used freely.
    **options
        Whatever the model takes, such as ``model_path`` for ``u2net_custom``.

    Raises
    ------
    ValueError
        If rembg or onnxruntime is not installed.
    OSError
        If the weights are neither there nor can be fetched.
    """
    with needs(NAME, asked=f"saliency: {NAME}"):
        from rembg import new_session

    try:
        session = new_session(model, **options)
    except Exception as error:  # rembg fetches by a library that raises errors of many kinds
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise OSError(f"saliency {NAME!r}: no weights of {model} ({reason})") from error
    licence = LICENCES.get(model, "see the model's own page")
    about = About(NAME, f"{NAME} {version(NAME)}, {model}", licence, trained_with_masks=True)
    return Provider(about, lambda photo: find(photo, session))


def find(photo: Tensor, session: Any) -> Tensor:
    """Return the map of a photo, float32 [H, W] in 0..1, by a session of rembg."""
    mask = session.predict(to_pil_image(photo))[0].convert("L")
    return pil_to_tensor(mask)[0].to(torch.float32) / 255
