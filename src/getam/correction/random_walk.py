"""A random walk on the patches of a photo tells which of them belong to a click.

It is the random walker with priors of Grady (CVPR 2005, and IEEE PAMI 28(11), 2006): the value of a
patch is the probability that a walker who starts there first meets something that belongs to the
class. The walker moves between neighbouring patches, and more easily between patches that are alike
to the network. At every step it may stop and believe the label that the patch has already.
"""

import torch
from torch import Tensor
from torch.nn.functional import normalize


def edges(features: Tensor, grid: tuple[int, int], *, softness: float) -> Tensor:
    """Return how easily a walker moves between patches, float64 [P, P], symmetric.

    A patch and one of its eight neighbours have exp((cosine - 1) / softness). All others have 0.

    Parameters
    ----------
    features
        [P, D], one vector per patch.
    grid
        The patches (h, w), h * w = P.
    softness
        Greater than 0. A smaller one makes edges between unlike patches harder to cross.
    """
    directions = normalize(features.double(), dim=1)
    weights = torch.exp((directions @ directions.T - 1) / softness)
    return weights * _neighbours(grid).to(weights)


def walk(weights: Tensor, prior: Tensor, stop: Tensor) -> Tensor:
    """Return for each patch the probability that a walker from there ends at the class.

    It solves (L + diag(stop)) x = stop * prior, where L is the graph Laplacian of the weights.

    Parameters
    ----------
    weights
        float64 [P, P], symmetric, from `edges`.
    prior
        float64 [P] in 0..1, what is believed of each patch.
    stop
        float64 [P], at least 0 and somewhere above: how easily the walker stops at each patch,
        beside the weights of its moves.
    """
    laplacian = torch.diag(weights.sum(1) + stop) - weights
    return torch.linalg.solve(laplacian, stop * prior)


def _neighbours(grid: tuple[int, int]) -> Tensor:
    """Return which patches touch each other, at least at a corner, bool [P, P]."""
    row, column = torch.meshgrid(torch.arange(grid[0]), torch.arange(grid[1]), indexing="ij")
    rows, columns = row.flatten(), column.flatten()
    away = torch.maximum(
        (rows[:, None] - rows).abs(),
        (columns[:, None] - columns).abs(),
    )
    return away == 1
