"""The lattice against a dictionary of vertices and against the exact Gaussian sum."""

import math
from itertools import product

import numpy as np
import pytest
import torch

from getam.crf import build_lattice
from getam.crf.lattice import join


def slow_filter(features, values):
    """The paper's filter, point by point, with a dictionary from coordinates to sums."""
    d, corners = features.shape[1], features.shape[1] + 1
    places = [slow_corners(point) for point in features]
    sums = {}
    for place, value in zip(places, values, strict=True):
        for key, weight in place:
            sums[key] = sums.get(key, 0) + weight * value
    for direction in range(corners):
        step = np.full(corners, 1)
        step[direction] = -d
        sums = {
            key: total
            + 0.5 * (sums.get(tuple(np.add(key, step)), 0) + sums.get(tuple(key - step), 0))
            for key, total in sums.items()
        }
    total = [sum(weight * sums[key] for key, weight in place) for place in places]
    return np.stack(total) / (1 + 2.0**-d)


def slow_corners(point):
    """Coordinates and weights of the d + 1 corners around a point: try every simplex nearby."""
    d, corners = len(point), len(point) + 1
    basis = np.zeros((corners, d))
    for i in range(d):
        basis[: i + 1, i], basis[i + 1, i] = 1, -(i + 1)
        basis[:, i] /= math.sqrt((i + 1) * (i + 2))
    elevated = basis @ point * corners * math.sqrt(2 / 3)
    for offsets in product((0, 1), repeat=corners):  # colour-0 vertices: multiples of d + 1, sum 0
        start = (np.floor(elevated / corners) + offsets) * corners
        distance = elevated - start
        if start.sum() or distance.max() - distance.min() > corners:
            continue
        order = np.argsort(-distance, kind="stable")
        keys, weights = [], []
        for colour in range(corners):
            key = start + colour
            key[order[corners - colour :]] -= corners
            keys.append(tuple(key.astype(int)))
            low = distance[order[corners - colour]] if colour else distance[order[0]] - corners
            weights.append((distance[order[d - colour]] - low) / corners)
        return list(zip(keys, weights, strict=True))
    raise AssertionError("no simplex found")


@pytest.mark.parametrize("d", [1, 2, 3, 5])
def test_filter_equals_a_dictionary_of_vertices(d):
    generator = torch.Generator().manual_seed(d)
    features = torch.randn(d, 40, generator=generator, dtype=torch.float64)
    values = torch.rand(40, 2, generator=generator, dtype=torch.float64)
    expected = slow_filter(features.T.numpy(), values.numpy())
    filtered = build_lattice(features).filter(values)
    assert torch.allclose(filtered, torch.from_numpy(expected), rtol=1e-9)


def test_symmetric_filter_is_its_own_transpose_and_blurs_are_each_others():
    lattice = build_lattice(torch.randn(5, 60, dtype=torch.float64))
    identity = torch.eye(60, dtype=torch.float64)
    symmetric = lattice.filter_symmetric(identity)
    assert torch.allclose(symmetric, symmetric.mT)
    transposed = lattice.slice(lattice.blur_transposed(lattice.splat(identity)))
    assert torch.allclose(lattice.filter(identity), transposed.mT)


def test_joined_lattices_filter_as_each_alone():
    features = [torch.randn(3, n) for n in (30, 1, 50)]
    values = [torch.rand(part.shape[1], 2) for part in features]
    lattices = [build_lattice(part) for part in features]
    alone = [lattice.filter(part) for lattice, part in zip(lattices, values, strict=True)]
    assert torch.allclose(join(lattices).filter(torch.cat(values)), torch.cat(alone))


def test_scaled_multiplies_rows_and_columns():
    lattice, factor = build_lattice(torch.randn(2, 20)), torch.rand(20)
    identity = torch.eye(20)
    expected = 3 * factor[:, None] * lattice.filter(identity) * factor
    assert torch.allclose(lattice.scaled(factor, 3).filter(identity), expected, atol=1e-6)


def test_wide_spread_points_need_63_bits_and_beyond_that_are_refused():
    near, far = torch.zeros(1, 5).double(), torch.full((1, 5), 800.0).double()
    features = torch.cat([near, near, near + 0.3, far])
    values = torch.rand(4, 2, dtype=torch.float64)
    expected = torch.from_numpy(slow_filter(features.numpy(), values.numpy()))
    assert torch.allclose(build_lattice(features.mT).filter(values), expected)
    with pytest.raises(ValueError, match="fewer lattice cells"):
        build_lattice(torch.cat([near, far * 1e3]).mT)
