"""Each way to scale maps, by numbers worked out by hand."""

import torch

from getam.activation import divide_as_released, divide_by_maximum, unit_range


def test_the_smallest_map_reaches_one_and_zero_stays_zero():
    maps = torch.tensor([[[0.0, 1e-30]], [[0.0, 0.0]], [[2.0, 4.0]]])
    expected = torch.tensor([[[0.0, 1.0]], [[0.0, 0.0]], [[0.5, 1.0]]])
    torch.testing.assert_close(divide_by_maximum(maps), expected)


def test_the_released_way_shrinks_the_smallest_maps():
    maps = torch.tensor([[[0.0, 1e-5]], [[0.0, 0.0]], [[1.0, 2.0]]])
    expected = torch.tensor([[[0.0, 0.5]], [[0.0, 0.0]], [[1 / 2.00001, 2 / 2.00001]]])
    torch.testing.assert_close(divide_as_released(maps), expected)


def test_the_unit_range_goes_from_the_least_to_the_greatest():
    maps = torch.tensor([[[2.0, 3.0, 6.0]], [[-1.0, -1.0, 1.0]], [[7.0, 7.0, 7.0]]])
    expected = torch.tensor([[[0.0, 0.25, 1.0]], [[0.0, 0.0, 1.0]], [[0.0, 0.0, 0.0]]])
    torch.testing.assert_close(unit_range(maps), expected)
