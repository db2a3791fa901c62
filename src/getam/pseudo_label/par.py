"""PAR and APRM refine maps by the colours of the photo, with other weights than PAMR.

PAR is the pixel-adaptive refinement of AFA (Ru et al., CVPR 2022, section 3.4) and ToCo (Ru et al.,
CVPR 2023); APRM is that of TSD-CAM (2024). Both follow the released codes. Only the weights differ
from :func:`getam.refine`: the neighbours and the iterations are the same.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import pad

from getam.pseudo_label.refine import (
    DILATIONS,
    ITERATIONS,
    local_deviation,
    neighbours,
    offsets,
    refine_by,
)

PAR_CONTRAST = 0.3  # share of a standard deviation that counts as alike, for colours and distances
APRM_CONTRAST = 0.25
SHARE = 0.01  # how much the second term counts beside the colours


def par(
    maps: Tensor,
    image: Tensor,
    *,
    iterations: int = ITERATIONS,
    dilations: Sequence[int] = DILATIONS,
) -> Tensor:
    """Enlarge maps to the image and pull them to its edges as AFA and ToCo do.

    The weights of a pixel sum to 1.01, as released, so maps grow by one per cent per iteration.

    Parameters
    ----------
    maps
        [B, C, h, w], any scale; they are enlarged to H x W bilinearly, corners aligned.
    image
        [B, 3, H, W], RGB in 0..255, integer or float.
    iterations
        The number of iterations; 0 only enlarges.
    dilations
        Distances, in pixels, of the eight neighbours of each ring; edges are replicated.

    Returns
    -------
    Tensor
        float32 [B, C, H, W].

    Raises
    ------
    ValueError
        If batch sizes or the number of dimensions do not fit.
    """
    return refine_by(par_weights, maps, image / 255, iterations=iterations, dilations=dilations)


def aprm(
    maps: Tensor,
    image: Tensor,
    *,
    iterations: int = ITERATIONS,
    dilations: Sequence[int] = DILATIONS,
) -> Tensor:
    """Enlarge maps to the image and pull them to its edges as TSD-CAM does.

    The weights of a pixel sum to 0.99, as released, so maps shrink by one per cent per iteration.
    Arguments, value and errors are those of :func:`par`.
    """
    return refine_by(aprm_weights, maps, image / 255, iterations=iterations, dilations=dilations)


def par_weights(image: Tensor, dilations: Sequence[int]) -> Tensor:
    """Weigh the neighbours by colour, and a little by their distance.

    They are softmax(a) + 0.01 softmax(p) over the neighbours, with a = mean_rgb -(|difference| /
    sigma / 0.3)^2 and p = -(distance / sd of all distances / 0.3)^2.

    Parameters
    ----------
    image
        [B, 3, H, W] in 0..1.
    dilations
        Distances of the rings of neighbours.

    Returns
    -------
    Tensor
        [8 * len(dilations), B, 1, H, W], summing to 1.01.
    """
    distances = torch.tensor([math.hypot(*offset) for offset in offsets(dilations)])
    nearness = -((distances / distances.std() / PAR_CONTRAST) ** 2)
    by_distance = nearness.softmax(0).to(image.device, non_blocking=True).view(-1, 1, 1, 1, 1)
    return colour_weights(image, dilations, PAR_CONTRAST).add_(by_distance, alpha=SHARE)


def aprm_weights(image: Tensor, dilations: Sequence[int]) -> Tensor:
    """Weigh the neighbours by colour, and a little less where the photo is rough around them.

    They are softmax(a) - 0.01 softmax(v) over the neighbours, with a = mean_rgb -(4 |difference| /
    sigma)^2 and v the mean over the colours of a neighbour's squared differences to the pixel below
    it and to the one at its right.

    Parameters
    ----------
    image
        [B, 3, H, W] in 0..1.
    dilations
        Distances of the rings of neighbours.

    Returns
    -------
    Tensor
        [8 * len(dilations), B, 1, H, W], summing to 0.99.
    """
    rough = torch.stack([roughness(neighbour) for neighbour in neighbours(image, dilations)])
    return colour_weights(image, dilations, APRM_CONTRAST).sub_(rough.softmax(0), alpha=SHARE)


def colour_weights(image: Tensor, dilations: Sequence[int], contrast: float) -> Tensor:
    """Return the softmax over neighbours of mean_rgb -(|difference| / sigma / contrast)^2.

    sigma is the unbiased standard deviation of a colour over the neighbours without the centre.
    """
    sigma = local_deviation(image, dilations, centres=0)
    sharpness = 1 / ((sigma + 1e-8) * contrast)
    unlike = [
        (neighbour - image).mul_(sharpness).square_().mean(1, keepdim=True)
        for neighbour in neighbours(image, dilations)
    ]
    return torch.stack(unlike).neg_().softmax(0)


def roughness(image: Tensor) -> Tensor:
    """Return the mean over the colours of squared differences down and right, [B, 1, H, W]."""
    down = pad(image.diff(dim=2).square(), [0, 0, 0, 1])
    right = pad(image.diff(dim=3).square(), [0, 1])
    return (down + right).mean(1, keepdim=True)
