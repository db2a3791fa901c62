"""PAMR as its paper's figure draws it: fixed dilated 3 x 3 kernels, every class, every neighbour.

The form most code uses (Araslanov & Roth, CVPR 2020, section 3.3): the slow side of a ratio.
"""

import torch
from torch import Tensor
from torch.nn.functional import conv2d, interpolate, pad

from getam.pseudo_label.refine import DILATIONS, ITERATIONS


def gathered(image: Tensor, kernel: Tensor) -> Tensor:
    """[B, C, H, W] seen through one-hot kernels [n, 1, 3, 3] of all dilations, [B, C, 6n, H, W]."""
    planes = image.flatten(0, 1)[:, None]
    rings = [conv2d(pad(planes, [d] * 4, mode="replicate"), kernel, dilation=d) for d in DILATIONS]
    return torch.cat(rings, 1).unflatten(0, image.shape[:2])


def convolved_pamr(maps: Tensor, image: Tensor) -> Tensor:
    """Maps [B, C, h, w] and photos [B, 3, H, W] in 0..255 to refined maps [B, C, H, W]."""
    window = torch.eye(9).view(9, 1, 3, 3)
    ring = window[[0, 1, 2, 3, 5, 6, 7, 8]]
    image = image.float()
    maps = interpolate(maps, image.shape[-2:], mode="bilinear", align_corners=True)
    sigma = gathered(image, window).std(2, keepdim=True)
    difference = (gathered(image, ring) - image[:, :, None]).abs()
    weights = (-difference / (0.1 * sigma + 1e-8)).mean(1, keepdim=True).softmax(2)
    for _ in range(ITERATIONS):
        maps = (gathered(maps, ring) * weights).sum(2)
    return maps
