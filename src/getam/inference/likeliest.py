"""This module finds the likeliest class of every pixel of a photo, however large the photo is."""

import torch
from torch import Tensor
from torch.nn.functional import interpolate

AT_ONCE = 2**24  # scores, 64 MiB; strips would take half as long again in ordinary photos
STRIP = 2**20


def likeliest(scores: Tensor, size: tuple[int, int]) -> Tensor:
    """Return the class with the largest score in every pixel of a larger image.

    The scores are enlarged bilinearly. Those of a large image are enlarged strip by strip, because
    20 classes of 48 megapixels would fill 4 GB. The result is the same.

    Parameters
    ----------
    scores
        float32 [C, h, w].
    size
        Height and width of the image.

    Returns
    -------
    Tensor
        uint8 [H, W].
    """
    height, width = size
    rows = max(1, STRIP // (len(scores) * width))
    if len(scores) * height * width <= AT_ONCE:
        rows = height
    mask = torch.empty(size, dtype=torch.uint8, device=scores.device)
    for top in range(0, height, rows):
        strip = enlarged_rows(scores, size, top, min(top + rows, height))
        # An arg max over a leading dimension takes seven times as long.
        mask[top : top + rows] = strip.max(0).indices
    return mask


def enlarged_rows(scores: Tensor, size: tuple[int, int], top: int, end: int) -> Tensor:
    """Return rows ``top`` to ``end`` of scores [C, h, w] enlarged to a size, [C, end - top, W]."""
    height, width = size
    if (top, end) == (0, height):
        return interpolate(scores[None], size, mode="bilinear", align_corners=False)[0]
    place = torch.arange(top, end, dtype=torch.float32, device=scores.device) + 0.5
    place = (place * (scores.shape[1] / height) - 0.5).clamp_min(0)
    above = place.long()
    below = (above + 1).clamp_max(scores.shape[1] - 1)
    share = (place - above)[:, None]
    first, last = int(above[0]), int(below[-1])
    few = scores[None, :, first : last + 1]
    wide = interpolate(few, (few.shape[2], width), mode="bilinear", align_corners=False)[0]
    return wide[:, above - first] * (1 - share) + wide[:, below - first] * share
