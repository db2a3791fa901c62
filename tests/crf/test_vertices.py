"""Numbers of vertices and their neighbours against a dictionary of coordinates."""

from itertools import product

import pytest
import torch

from getam.crf.simplex import enclosing_simplices
from getam.crf.vertices import neighbours, number_corners


def coordinates(simplices):
    """Return the whole coordinates of every corner as `Simplices` defines them, [d + 1, N, d + 1].

    The first dimension is the colour of the corner.
    """
    corners = len(simplices.cell)
    colours = [
        corners * (simplices.cell - (simplices.rank > corners - 1 - colour).double()) + colour
        for colour in range(corners)
    ]
    return torch.stack(colours).mT.long()


@pytest.mark.parametrize("d", [1, 2, 5])
def test_vertices_and_their_neighbours(d):
    generator = torch.Generator().manual_seed(d)
    simplices = enclosing_simplices(torch.randn(d, 40, generator=generator, dtype=torch.float64))
    numbers, place = number_corners(simplices)
    where = {
        int(number): tuple(corner)
        for number, corner in zip(
            numbers.flatten(), coordinates(simplices).flatten(0, 1).tolist(), strict=True
        )
    }
    vertices = torch.tensor(sorted(where), dtype=numbers.dtype)
    assert len(set(where.values())) == len(where)
    for number, corner in zip(numbers.flatten(), coordinates(simplices).flatten(0, 1), strict=True):
        assert where[int(number)] == tuple(corner.tolist())
    index, found = neighbours(vertices, place)
    keys = [where[int(number)] for number in vertices]
    for direction, vertex in product(range(d + 1), range(len(keys))):
        step = [1 - (d + 1) * (axis == direction) for axis in range(d + 1)]
        around = {
            tuple(k + sign * s for k, s in zip(keys[vertex], step, strict=True)) for sign in (1, -1)
        }
        there = {
            keys[i]
            for i, is_there in zip(index[direction, vertex], found[direction, vertex], strict=True)
            if is_there
        }
        assert there == around & set(keys)
        missing = index[direction, vertex][~found[direction, vertex]]
        assert (missing == vertex).all()


def test_points_too_far_apart_are_refused():
    far = torch.tensor([[0.0, 1e6]] * 5, dtype=torch.float64)
    with pytest.raises(ValueError, match="fewer lattice cells than .* larger deviations"):
        number_corners(enclosing_simplices(far))
