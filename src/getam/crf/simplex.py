"""This module finds where points lie in the permutohedral lattice (Adams, Baek & Davis 2010)."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Simplices:
    """This class holds the simplex around each of N points of d dimensions.

    A simplex has d + 1 corners, one of each colour 0..d. In the d + 1 coordinates of the lattice,
    the corner of colour r is ``(d + 1) * (cell - (rank > d - r)) + r``.

    Attributes
    ----------
    cell
        The corner of colour 0 divided by d + 1, [d + 1, N], as whole numbers held in floats.
    rank
        The rank of each coordinate by its distance to that corner, [d + 1, N] int64. The largest
        distance has the rank 0.
    barycentric
        The weight of the corner of each colour, [d + 1, N] in 0..1. The weights of a point sum
        to 1.
    """

    cell: Tensor
    rank: Tensor
    barycentric: Tensor


def enclosing_simplices(features: Tensor) -> Simplices:
    """Find the simplex around each point, at the scale at which the lattice blurs with variance 1.

    Parameters
    ----------
    features
        [d, N] floats. Each dimension is divided by its standard deviation.
    """
    elevated = _elevate(features)
    corners = len(elevated)
    cell = torch.round(elevated / corners)
    rank = _rank(elevated - cell * corners, excess=cell.sum(0))
    wrap = (rank < 0).to(cell) - (rank >= corners).to(cell)
    cell += wrap
    rank += (wrap * corners).to(rank)
    rank = rank.long()
    return Simplices(cell, rank, _barycentric(elevated / corners - cell, rank))


def _elevate(features: Tensor) -> Tensor:
    """Map [d, N] to the plane of d + 1 coordinates whose sum is zero, [d + 1, N].

    A matrix product would not do: under autocast, it would move points off the plane.
    """
    d = len(features)
    step = torch.arange(1, d + 1, dtype=features.dtype, device=features.device)[:, None]
    scaled = features * (math.sqrt(2 / 3) * (d + 1) / (step * (step + 1)).sqrt())
    zero = torch.zeros_like(scaled[:1])
    following = scaled.flip(0).cumsum(0).flip(0)
    return torch.cat([following, zero]) - torch.cat([zero, scaled * step])


def _rank(distance: Tensor, *, excess: Tensor) -> Tensor:
    """Rank each column of [d + 1, N] from the largest value down.

    ``excess`` [N] is added to the ranks of columns that lie off the plane. Pairwise comparisons in
    bytes are about five times faster than sorting columns of six.
    """
    corners = len(distance)
    start = torch.arange(corners, dtype=torch.int8, device=distance.device)[:, None]
    rank = start + excess.to(torch.int8)
    for i in range(corners):
        for j in range(i + 1, corners):
            later = (distance[i] < distance[j]).view(torch.int8)
            rank[i] += later
            rank[j] -= later
    return rank


def _barycentric(distance: Tensor, rank: Tensor) -> Tensor:
    """Return the weights of the corners from the distances to the corner of colour 0."""
    ascending = torch.empty_like(distance).scatter_(0, rank, distance).flip(0)
    weights = ascending - ascending.roll(1, 0)
    weights[0] += 1
    return weights
