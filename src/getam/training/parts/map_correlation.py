"""Pixels alike in the class maps are alike in the masks (TSD-CAM, self-distillation, code of 2024).

The functions follow the released code, where the student is the mask logits and not the maps.
"""

import torch
from torch import Tensor
from torch.nn.functional import grid_sample, interpolate, normalize

from getam.network import Network
from getam.pseudo_label.class_maps import check_reads_tokens, class_values, multi_scale_maps
from getam.training.parts.part_input import PartInput

POINTS = 40  # along each side of the grid of points that a view is sampled at
REDUCED = 0.3  # size of the second view
LEAST = 64  # pixels along a side of it, for the decoder of a small crop to have something to do


def correlation(left: Tensor, right: Tensor) -> Tensor:
    """Return the cosines over channels of every pair of points.

    Parameters
    ----------
    left, right
        [B, K, p, q] and [B, K, i, j].

    Returns
    -------
    Tensor
        [B, p, q, i, j].
    """
    left, right = (normalize(values, dim=1, eps=1e-10) for values in (left, right))
    return torch.einsum("bkpq,bkij->bpqij", left, right)


def correlation_losses(targets: Tensor, students: Tensor) -> Tensor:
    """Return -max(C, 0) F' of every pair of points.

    F' is F minus its mean over the points of the second view, shifted so that its mean over
    everything is that of F. It has no gradient.

    Parameters
    ----------
    targets
        F, [B, p, q, i, j]: the :func:`correlation` of the target maps of two views.
    students
        C, the same of what is taught.
    """
    targets = targets.detach()
    centred = targets - targets.mean((3, 4), keepdim=True)
    shifted = centred - centred.mean() + targets.mean()
    return -students.clamp_min(0) * shifted


def sampled(values: Tensor, points: Tensor) -> Tensor:
    """Read maps [B, K, h, w] at points [B, p, q, 2], x before y in -1..1: [B, K, q, p].

    Corners are aligned, and the two axes of the grid of points are exchanged, as released.
    """
    grid = points.transpose(1, 2)
    return grid_sample(values, grid, padding_mode="border", align_corners=True)


def map_correlation(
    maps: tuple[Tensor, Tensor], logits: tuple[Tensor, Tensor], points: tuple[Tensor, Tensor]
) -> Tensor:
    """Return the mean of :func:`correlation_losses` over points of two views.

    Parameters
    ----------
    maps
        The class maps of both views, [B, C, h, w] each, of any two sizes.
    logits
        The mask logits of both views, [B, C + 1, h, w] each.
    points
        Those that each view is sampled at, [B, p, q, 2] in -1..1.
    """
    with torch.autocast(maps[0].device.type, enabled=False):
        targets, students = (
            correlation(*(sampled(own.float(), at) for own, at in zip(both, points, strict=True)))
            for both in (maps, logits)
        )
        return correlation_losses(targets, students).mean()


def reduced(values: Tensor, *, least: int = 1) -> Tensor:
    """Reduce [B, K, H, W] to 0.3 of the size, bilinear with corners aligned, as released.

    No side becomes shorter than ``least`` pixels, unless it is shorter already.
    """
    height, width = (max(min(side, least), int(side * REDUCED)) for side in values.shape[-2:])
    return interpolate(values, (height, width), mode="bilinear", align_corners=True)


class MapCorrelation:
    """The class maps of a photo and of its reduced image teach the masks of both.

    Parameters
    ----------
    network
        Its classifier makes the maps.

    Raises
    ------
    ValueError
        If the classifier does not read tokens.
    """

    def __init__(self, network: Network) -> None:
        check_reads_tokens(network, asked="map_correlation")
        self.network = network

    def __call__(self, seen: PartInput) -> Tensor:
        """Compare the two views at points drawn anew in every step."""
        image = seen.batch.image.float()
        small = reduced(image, least=LEAST)

        def maps_of(view: Tensor) -> Tensor:
            return class_values(self.network, seen.look(view).features)

        maps = (multi_scale_maps(maps_of, image), multi_scale_maps(maps_of, small))
        other = seen.look(small, masks=True).mask_logits
        assert other is not None
        shape = (len(image), POINTS, POINTS, 2)
        points = (
            2 * torch.rand(shape, device=image.device) - 1,
            2 * torch.rand(shape, device=image.device) - 1,
        )
        return map_correlation(maps, (seen.mask_logits, other), points)
