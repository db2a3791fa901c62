"""The walk is solved at once; the tests walk step by step and look at every pair of patches."""

import math

import pytest
import torch

from getam.correction.random_walk import edges, walk

GRID = (3, 4)


@pytest.fixture
def features():
    return torch.randn(12, 5, generator=torch.Generator().manual_seed(0))


def test_edges_join_neighbours_that_are_alike(features):
    weights = edges(features, GRID, softness=0.5)
    for one in range(12):
        for other in range(12):
            rows, columns = zip(divmod(one, 4), divmod(other, 4), strict=True)
            away = max(abs(rows[0] - rows[1]), abs(columns[0] - columns[1]))
            cosine = torch.cosine_similarity(features[one], features[other], dim=0).item()
            expected = math.exp((cosine - 1) / 0.5) if away == 1 else 0
            assert weights[one, other].item() == pytest.approx(expected, rel=1e-5)


def test_the_walk_is_what_a_walker_meets_in_many_steps(features):
    weights = edges(features, GRID, softness=0.5)
    prior, stop = torch.linspace(0, 1, 12).double(), torch.linspace(0.1, 2, 12).double()
    met = prior.clone()
    for _ in range(2000):  # stop and believe, or move and go on from there
        met = (stop * prior + weights @ met) / (stop + weights.sum(1))
    assert torch.allclose(walk(weights, prior, stop), met, atol=1e-9)
