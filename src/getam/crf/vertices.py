"""This module numbers the vertices of the lattice, so that a sum leads to each neighbour."""

from collections.abc import Sequence

import torch
from torch import Tensor

from getam.crf.simplex import Simplices


def number_corners(
    simplices: Simplices, *, groups: int = 1, largest: Sequence[float] | None = None
) -> tuple[Tensor, list[int]]:
    """Number the corners of simplices so that equal numbers mean the same vertex.

    A number has d + 1 digits. The first d are the first d cells of the corner, counted from the
    lowest of all cells, with room for one neighbour on either side. The last digit is the colour.

    Parameters
    ----------
    simplices
        The simplices around N points in d dimensions.
    groups
        The points are so many groups, of one size and one after the other, which share no vertex.
    largest
        The largest value of each feature, whose least is 0. It spares the question for the lowest
        and the highest cell, for whose answer an accelerator has to be waited for. The place values
        may be larger for it; the order of the numbers is the same.

    Returns
    -------
    tuple of Tensor and list of int
        The numbers [d + 1, N], one row per colour, and the place value of each of the d + 1 digits.
        The numbers are int32 if they fit, otherwise int64.

    Raises
    ------
    ValueError
        If the points lie so far apart that 63 bits cannot number the vertices.
    """
    cell = simplices.cell[:-1]
    if largest is None:
        low, high = cell.aminmax(dim=1, keepdim=True)
    else:
        low, high = cell_limits(largest).to(cell.dtype)[:, :, None].unbind(1)
    sizes = (high - low + 3).long().flatten().tolist()
    place = _place_values([*sizes[:-1], sizes[-1] * groups])
    dtype = torch.int32 if place[-1] * len(place) < 2**31 else torch.int64
    values = torch.tensor([*place[:-1], 0], dtype=dtype)[:, None]
    values = values.to(cell.device, non_blocking=True)
    digits = (cell - low.to(cell.device, non_blocking=True) + 1).to(dtype)
    if groups > 1:
        group = torch.arange(groups, dtype=dtype, device=cell.device)
        digits[-1] += group.repeat_interleave(cell.shape[1] // groups) * sizes[-1]
    first = (digits * values[:-1]).sum(0, keepdim=True, dtype=dtype)
    falling = torch.empty_like(simplices.rank, dtype=dtype)
    falling.scatter_(0, simplices.rank, values.expand_as(falling))
    steps = place[-1] - falling[1:].flip(0)  # because the coordinate of rank d falls first
    return torch.cat([first, steps]).cumsum(0, dtype=dtype), place


def cell_limits(largest: Sequence[float]) -> Tensor:
    """Return bounds of the lowest and the highest of the first d cells, float64 [d, 2].

    Parameters
    ----------
    largest
        The largest value of each of d features, whose least is 0; see `enclosing_simplices`.
    """
    d = len(largest)
    step = torch.arange(1, d + 1, dtype=torch.float64)
    scaled = torch.tensor(largest, dtype=torch.float64) * (2 / 3 / (step * (step + 1))).sqrt()
    highest = scaled.flip(0).cumsum(0).flip(0)
    lowest = torch.cat([torch.zeros(1, dtype=torch.float64), -(scaled * step)[:-1]])
    # A cell is the nearest whole number, moved by one at the most; one more is for rounding.
    return torch.stack([lowest.floor() - 2, highest.ceil() + 2], 1)


def _place_values(sizes: list[int]) -> list[int]:
    place = [1]
    for size in sizes:
        place.append(place[-1] * size)
    if place[-1] * len(place) >= 2**63:
        raise ValueError(
            f"features must span fewer lattice cells than {sizes}: divide by larger deviations"
        )
    return place


def neighbours(numbers: Tensor, place: list[int]) -> tuple[Tensor, Tensor]:
    """Find the two neighbours of each vertex along each of the d + 1 directions.

    Parameters
    ----------
    numbers
        [M] numbers of the vertices, ascending.
    place
        The place values of their digits.

    Returns
    -------
    tuple of Tensor
        Two tensors [d + 1, M, 2]: the index of each neighbour (int32), and whether the neighbour
        exists (bool). The index of a missing neighbour is that of the vertex itself.
    """
    itself = torch.arange(len(numbers), dtype=torch.int32, device=numbers.device)
    colour_value = place[-1]
    index, found = [], []
    for direction in [*place[:-1], 0]:
        around = (len(place) - 1) * colour_value - sum(place[:-1]) + direction
        wanted = numbers + torch.where(numbers < colour_value, around, direction - colour_value).to(
            numbers
        )
        below = torch.searchsorted(numbers, wanted, out_int32=True).clamp_(max=len(numbers) - 1)
        is_there = numbers[below] == wanted
        # Those without a neighbour write into a place of their own at the end: to leave them out,
        # an accelerator would have to be waited for until it has counted them.
        above = torch.arange(len(numbers) + 1, dtype=torch.int32, device=numbers.device)
        above[torch.where(is_there, below, len(numbers))] = itself
        above = above[:-1]
        index.append(torch.stack([torch.where(is_there, below, itself), above], 1))
        found.append(index[-1] != itself[:, None])
    return torch.stack(index), torch.stack(found)
