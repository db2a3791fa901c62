"""This module converts photos, maps and masks from PIL, NumPy or torch for drawing."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

Photo = Image.Image | NDArray[np.generic] | Tensor
"""A photo: a PIL image, an array [H, W, 3] or a tensor [3, H, W], with values in 0..255."""

Plane = NDArray[np.generic] | Tensor
"""One value per pixel: an array or a tensor [H, W], on any device."""


def as_picture(photo: Photo) -> Image.Image:
    """Turn a photo into an RGB picture.

    Parameters
    ----------
    photo
        A PIL image, an array [H, W, 3] or a tensor [3, H, W], with values in 0..255.

    Raises
    ------
    ValueError
        If the shape is another one.
    """
    if isinstance(photo, Image.Image):
        return photo.convert("RGB")
    pixels = np.moveaxis(_array(photo), 0, -1) if isinstance(photo, Tensor) else photo
    if pixels.ndim != 3 or pixels.shape[-1] != 3:
        raise ValueError(
            f"photo must be an array [H, W, 3] or a tensor [3, H, W], got {tuple(photo.shape)}"
        )
    return Image.fromarray(np.clip(np.rint(pixels), 0, 255).astype(np.uint8))


def as_plane(plane: Plane, argument: str) -> NDArray[np.generic]:
    """Turn a map or mask into an array [H, W].

    Parameters
    ----------
    plane
        An array or a tensor [H, W].
    argument
        The name of the plane in the error.

    Raises
    ------
    ValueError
        If the plane does not have two dimensions.
    """
    values = _array(plane) if isinstance(plane, Tensor) else np.asarray(plane)
    if values.ndim != 2:
        raise ValueError(f"{argument} must be [H, W], got {values.shape}")
    return values


def as_mask(mask: Plane) -> NDArray[np.uint8]:
    """Turn a mask into an array [H, W] uint8.

    Raises
    ------
    ValueError
        If the mask is not [H, W], if it is not of integers, or if a value is outside 0..255.
    """
    values = as_plane(mask, "mask")
    if values.dtype.kind not in "iub":
        raise ValueError(f"mask must hold integers, got {values.dtype}")
    if values.size and (values.min() < 0 or values.max() > 255):
        raise ValueError(f"mask must hold 0..255, got {values.min()}..{values.max()}")
    return values.astype(np.uint8)


def _array(tensor: Tensor) -> NDArray[np.generic]:
    """Copy a tensor to an array. Floats become float32, since NumPy lacks bfloat16."""
    plain = tensor.detach().cpu()
    array: NDArray[np.generic] = (plain.float() if plain.is_floating_point() else plain).numpy()
    return array
