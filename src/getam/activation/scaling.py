"""Maps are scaled to 0..1 in one of three ways, each map by itself."""

import torch
from torch import Tensor

RELEASED_OFFSET = 1e-5


def divide_by_maximum(maps: Tensor) -> Tensor:
    """Scale each map [..., h, w] so that its maximum is 1, however small it was; 0 stays 0."""
    return maps / maps.amax((-2, -1), keepdim=True).clamp_min(torch.finfo(maps.dtype).tiny)


def divide_as_released(maps: Tensor) -> Tensor:
    """Divide each map [..., h, w] by its maximum + 1e-5, as the released code of GETAM does."""
    return maps / (maps.amax((-2, -1), keepdim=True) + RELEASED_OFFSET)


def unit_range(maps: Tensor) -> Tensor:
    """Shift and scale each map [..., h, w] to 0..1; a map of one value becomes 0.

    Methods without a relu, such as rollout, need the shift: their least value is far above 0.
    """
    lifted = maps - maps.amin((-2, -1), keepdim=True)
    return lifted / lifted.amax((-2, -1), keepdim=True).clamp_min(torch.finfo(maps.dtype).tiny)
