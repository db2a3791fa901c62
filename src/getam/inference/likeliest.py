"""This module finds the likeliest class of every pixel of a photo, however large the photo is."""

from collections.abc import Iterator

import torch
from torch import Tensor
from torch.nn.functional import interpolate

AT_ONCE = 2**22
"""Of so many scores, as 20 classes of 0.2 megapixels have, it is faster to enlarge all."""

BAND = 2**22
"""So many scores are enlarged at a time."""


def likeliest(scores: Tensor, size: tuple[int, int]) -> Tensor:
    """Return the class with the largest score in every pixel of a larger image.

    The scores are enlarged bilinearly. Those of a large image are not all computed, because 20
    classes of 48 megapixels would fill 4 GB. A pixel lies between four scores of each class: if one
    class has the largest at all four, it has the largest between them too. The result is that of
    enlarging all, but for pixels with two equal scores, where rounding decides.

    Parameters
    ----------
    scores
        [C, h, w], finite.
    size
        Height and width of the image.

    Returns
    -------
    Tensor
        uint8 [H, W].
    """
    height, width = size
    if len(scores) * height * width <= AT_ONCE:
        whole = interpolate(scores[None], size, mode="bilinear", align_corners=False)[0]
        return numbers_of_greatest(whole)
    scores = scores.float()  # as the shares are between two of them
    mask = torch.empty(size, dtype=torch.uint8, device=scores.device)
    numbers = numbers_of_greatest(scores)
    left, right, across = neighbours(scores.shape[2], width, device=scores.device)
    above, below, down = neighbours(scores.shape[1], height, device=scores.device)
    for rows in bands(above.tolist(), most=max(1, BAND // (len(scores) * width))):
        pair = [int(above[rows.start]), int(below[rows.start])]
        corners = torch.cat([numbers[pair][:, left], numbers[pair][:, right]])  # [4, W]
        mask[rows] = corners[0]
        unsure = (corners != corners[0]).any(0).nonzero()[:, 0]
        between = scores[:, pair]
        wide = torch.lerp(
            between[..., left[unsure]], between[..., right[unsure]], across[unsure]
        )  # [C, 2, columns]
        tall = torch.lerp(wide[:, :1], wide[:, 1:], down[rows, None])  # [C, rows, columns]
        mask[rows, unsure] = numbers_of_greatest(tall)
    return mask


def numbers_of_greatest(scores: Tensor) -> Tensor:
    """Return which of the scores [C, H, W] is the greatest in every pixel, uint8 [H, W]."""
    return scores.max(0).indices.byte()  # arg max over a leading dimension is much slower


def neighbours(count: int, length: int, *, device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
    """Say which two of ``count`` values each pixel of an axis lies between.

    Returns
    -------
    tuple of Tensor
        int64 [length], the value before each pixel and the one after it; float32 [length], how far
        the pixel is from the first to the second, in 0..1. They are those of `interpolate` without
        aligned corners.
    """
    place = torch.arange(length, dtype=torch.float32, device=device) + 0.5
    place = (place * (count / length) - 0.5).clamp_min(0)
    before = place.long()
    return before, (before + 1).clamp_max(count - 1), place - before


def bands(above: list[int], *, most: int) -> Iterator[slice]:
    """Yield slices of at most ``most`` rows each whose row above is the same."""
    start = 0
    for end in range(1, len(above) + 1):
        if end == len(above) or above[end] != above[start] or end - start == most:
            yield slice(start, end)
            start = end
