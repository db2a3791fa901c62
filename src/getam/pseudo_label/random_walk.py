"""A random walk carries maps along a learnt affinity of patches (AFA, Ru et al., CVPR 2022).

The formulas follow the released code of AFA.
"""

import torch
from torch import Tensor

from getam.activation import enlarge_aligning_edges
from getam.pseudo_label.par import par
from getam.pseudo_label.two_thresholds import Refinement, against_background

RADIUS = 8  # patches
LEAST = 1e-4  # added to the sums of an affinity; a lonely patch receives little
LEAST_WITH_BACKGROUND = 0.1


def within_radius(
    grid: tuple[int, int], radius: int = RADIUS, *, device: torch.device | None = None
) -> Tensor:
    """Say which patches lie in a square window around each other.

    Parameters
    ----------
    grid
        The patches (h, w).
    radius
        How many patches the window reaches to each side.
    device
        The device on which the answer lies.

    Returns
    -------
    Tensor
        bool [h * w, h * w], symmetric, true on the diagonal.
    """
    rows, columns = (torch.arange(side, device=device) for side in grid)
    near_rows, near_columns = (
        (places[:, None] - places).abs() <= radius for places in (rows, columns)
    )
    near = near_rows[:, None, :, None] & near_columns[None, :, None, :]  # [h, w, h, w]
    return near.flatten(2).flatten(0, 1)


def random_walk(
    maps: Tensor, affinity: Tensor, *, radius: int = RADIUS, least: float = LEAST
) -> Tensor:
    """Carry maps once along the squared affinity of near patches.

    With a the affinity, 0 beyond the radius, patch j receives sum_i maps_i a_ij^2 / (sum_i a_ij^2 +
    least).

    Parameters
    ----------
    maps
        [B, C, h, w], any scale.
    affinity
        [B, h * w, h * w] in 0..1.
    radius
        The radius is that of :func:`within_radius`.
    least
        The values that are added to the sums.

    Returns
    -------
    Tensor
        [B, C, h, w].
    """
    grid = (maps.shape[-2], maps.shape[-1])
    near = within_radius(grid, radius, device=affinity.device)
    strength = affinity.masked_fill(~near, 0).square()
    strength = strength / (strength.sum(1, keepdim=True) + least)
    return (maps.flatten(2) @ strength).unflatten(-1, grid)


def walk_with_background(
    maps: Tensor, present: Tensor, affinity: Tensor, *, background: float, radius: int = RADIUS
) -> Tensor:
    """Let maps compete with a constant background, then walk.

    Parameters
    ----------
    maps
        [B, C, h, w] in 0..1.
    present
        [B, C], positive where the class is in the photo. Other maps are not read and stay 0.
    affinity, radius
        The arguments of :func:`random_walk`.
    background
        The constant value of the background, before the softmax. AFA takes 0.35 and 0.55.

    Returns
    -------
    Tensor
        [B, C + 1, h, w]; channel 0 is the background.
    """
    shares = against_background(maps, present, background)
    return random_walk(shares, affinity, radius=radius, least=LEAST_WITH_BACKGROUND)


def refine_at_half(maps: Tensor, image: Tensor, *, refinement: Refinement = par) -> Tensor:
    """Refine maps at half the size of the photo and enlarge them to it.

    AFA does so with what lies inside of the padding, which the caller cuts out.

    Parameters
    ----------
    maps
        [B, C, h, w].
    image
        [B, 3, H, W], RGB in 0..255.
    refinement
        The function that pulls the maps to the photo's edges.

    Returns
    -------
    Tensor
        [B, C, H, W].
    """
    size = image.shape[-2:]
    small = enlarge_aligning_edges(image.float(), [max(1, side // 2) for side in size])
    return enlarge_aligning_edges(refinement(maps, small), size)


def walk_against_backgrounds(
    maps: Tensor,
    present: Tensor,
    affinity: Tensor,
    image: Tensor,
    *,
    low: float,
    high: float,
    radius: int = RADIUS,
    refinement: Refinement = par,
) -> tuple[Tensor, Tensor]:
    """Return what the walk makes of the high and of the low background, enlarged and refined.

    AFA makes its second pseudo label of them, by :func:`join_backgrounds`.

    Parameters
    ----------
    maps, present, affinity, radius
        The arguments of :func:`walk_with_background`.
    image
        [B, 3, H, W], RGB in 0..255.
    low, high
        The constant values of the two backgrounds.
    refinement
        The function that pulls the maps to the photo's edges.

    Returns
    -------
    tuple
        Two tensors [B, C + 1, H, W]; channel 0 is the background.
    """
    walked = [
        walk_with_background(maps, present, affinity, background=value, radius=radius)
        for value in (high, low)
    ]
    enlarged = enlarge_aligning_edges(torch.cat(walked, 1), image.shape[-2:])
    strict, lenient = refine_at_half(enlarged, image, refinement=refinement).chunk(2, dim=1)
    return strict, lenient
