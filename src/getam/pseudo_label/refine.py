"""PAMR refines maps by the colours of the photo (Araslanov & Roth, CVPR 2020, section 3.3).

In this pixel-adaptive mask refinement each pixel repeatedly takes the weighted mean of 48
neighbours; neighbours of like colour weigh more. The neighbours are shifted views of one padded
image, so there is no unfolded copy and no convolution.
"""

from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor
from torch.nn.functional import pad

from getam.activation import enlarge_aligning_corners

DILATIONS = (1, 2, 4, 8, 12, 24)
ITERATIONS = 10
CONTRAST = 0.1  # share of the local standard deviation that counts as a like colour

Weigh = Callable[[Tensor, Sequence[int]], Tensor]
"""A function from an image [B, 3, H, W] and dilations to the weights of the neighbours of every
pixel, [8 * len(dilations), B, 1, H, W], in the order of :func:`offsets`."""


def refine(
    maps: Tensor,
    image: Tensor,
    *,
    iterations: int = ITERATIONS,
    dilations: Sequence[int] = DILATIONS,
) -> Tensor:
    """Enlarge maps to the image and pull them to its edges.

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
        float32 [B, C, H, W], between the least and the greatest value of each input map.

    Raises
    ------
    ValueError
        If batch sizes or the number of dimensions do not fit.

    Examples
    --------
    >>> maps = torch.rand(2, 3, 4, 4)
    >>> tuple(refine(maps, torch.randint(0, 256, (2, 3, 64, 64))).shape)
    (2, 3, 64, 64)
    """
    return refine_by(neighbour_weights, maps, image, iterations=iterations, dilations=dilations)


def refine_by(
    weigh: Weigh, maps: Tensor, image: Tensor, *, iterations: int, dilations: Sequence[int]
) -> Tensor:
    """Enlarge maps to the image, then replace each value by the weighted sum of its neighbours'.

    Parameters
    ----------
    weigh
        What weighs the neighbours by the colours of the image.
    maps, image, iterations, dilations
        They are those of :func:`refine`, but the image has the range that ``weigh`` expects.

    Returns
    -------
    Tensor
        float32 [B, C, H, W].

    Raises
    ------
    ValueError
        The errors are those of :func:`refine`.
    """
    if maps.ndim != 4 or image.ndim != 4 or image.shape[1] != 3 or len(maps) != len(image):
        raise ValueError(
            "refine needs maps [B, C, h, w] and image [B, 3, H, W], "
            f"got {list(maps.shape)} and {list(image.shape)}"
        )
    maps = enlarge_aligning_corners(maps.float(), image.shape[-2:])
    if iterations == 0 or maps.shape[1] == 0:  # 0 maps: a batch without a single class
        return maps
    # One photo at a time stays in the processor's cache; an accelerator wants them all at once.
    at_once = 1 if maps.device.type == "cpu" else len(maps)
    pairs = zip(maps.split(at_once), image.split(at_once), strict=True)
    return torch.cat([_refine(weigh, m, i.float(), iterations, dilations) for m, i in pairs])


def _refine(
    weigh: Weigh, maps: Tensor, image: Tensor, iterations: int, dilations: Sequence[int]
) -> Tensor:
    weights = weigh(image, dilations)  # [48, B, 1, H, W]
    for _ in range(iterations):
        refined = torch.zeros_like(maps)
        for weight, neighbour in zip(weights, neighbours(maps, dilations), strict=True):
            refined.addcmul_(weight, neighbour)
        maps = refined
    return maps


def neighbour_weights(image: Tensor, dilations: Sequence[int] = DILATIONS) -> Tensor:
    """Weigh the neighbours of every pixel: [8 * len(dilations), B, 1, H, W], summing to 1.

    They are the softmax over the neighbours of mean_rgb -|difference| / (0.1 sigma + 1e-8), where
    sigma is the unbiased standard deviation of a colour over the 3 x 3 windows of all dilations.
    """
    # The channel mean's 1/3 joins the sharpness, so one product per neighbour is left.
    sigma = local_deviation(image, dilations, centres=len(dilations))
    sharpness = 1 / (image.shape[1] * (CONTRAST * sigma + 1e-8))
    likeness = [
        (neighbour - image).abs_().mul_(sharpness).sum(1, keepdim=True)
        for neighbour in neighbours(image, dilations)
    ]
    # A softmax in place and without its shift: over the neighbours of a pixel |difference| is at
    # most 3.2 sigma on average, so the likest of them lies above -32 and the sum above exp(-32).
    weights = torch.stack(likeness).neg_().exp_()
    return weights.div_(weights.sum(0))


def local_deviation(image: Tensor, dilations: Sequence[int], *, centres: int) -> Tensor:
    """Return the unbiased standard deviation over the neighbours of every pixel, [B, 3, H, W].

    Differences are taken from the centre's colour, so one pass is enough and a flat region gives
    exactly 0.

    Parameters
    ----------
    image
        [B, 3, H, W].
    dilations
        Distances of the rings of neighbours.
    centres
        How often the pixel itself counts among its neighbours.
    """
    count = 8 * len(dilations) + centres
    total = torch.zeros_like(image)
    squares = torch.zeros_like(image)
    for neighbour in neighbours(image, dilations):
        difference = neighbour - image
        total += difference
        squares.addcmul_(difference, difference)
    variance = squares.addcmul_(total, total, value=-1 / count) / (count - 1)
    return variance.clamp_min_(0).sqrt_()


def neighbours(image: Tensor, dilations: Sequence[int]) -> Iterator[Tensor]:
    """Yield views of an image [B, C, H, W] shifted to the eight neighbours at each distance."""
    border = max(dilations)
    padded = pad(image, [border] * 4, mode="replicate")
    height, width = image.shape[-2:]
    for down, right in offsets(dilations):
        top, left = border + down, border + right
        yield padded[..., top : top + height, left : left + width]


def offsets(dilations: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield how far down and right each of the eight neighbours lies, at each distance."""
    for distance in dilations:
        for down in (-distance, 0, distance):
            for right in (-distance, 0, distance):
                if down or right:
                    yield down, right
