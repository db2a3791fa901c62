"""Enlarged values lie on the straight lines between their neighbours."""

import pytest
import torch

from getam.activation import enlarge_aligning_corners, enlarge_aligning_edges

WAYS = [enlarge_aligning_corners, enlarge_aligning_edges]
SLOPE = torch.arange(3.0)[:, None] * 10 + torch.arange(4.0)  # value at row y and column x: 10 y + x


def test_the_centres_of_the_corners_meet():
    rows, columns = torch.linspace(0, 2, 9), torch.linspace(0, 3, 13)
    expected = rows[:, None] * 10 + columns
    torch.testing.assert_close(enlarge_aligning_corners(SLOPE[None], (9, 13))[0], expected)


def test_the_outer_edges_meet():
    rows = ((torch.arange(9) + 0.5) / 3 - 0.5).clamp(0, 2)
    columns = ((torch.arange(12) + 0.5) / 3 - 0.5).clamp(0, 3)
    expected = rows[:, None] * 10 + columns
    torch.testing.assert_close(enlarge_aligning_edges(SLOPE[None], (9, 12))[0], expected)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("leading", [(2,), (0,), (2, 3), (2, 0), (1, 2, 3)])
def test_every_map_by_itself(way, leading):
    maps = torch.rand(*leading, 3, 4)
    enlarged = way(maps, (7, 9))
    assert enlarged.shape == (*leading, 7, 9)
    for own, alone in zip(enlarged.flatten(0, -3), maps.flatten(0, -3), strict=True):
        assert torch.equal(own, way(alone[None], (7, 9))[0])
