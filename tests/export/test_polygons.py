"""Outlines, filled again by a slow reader and by COCO's own."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from pycocotools import mask as coder
from scipy.ndimage import label

from getam.export.polygons import outlines


def test_an_outline_turns_at_every_point() -> None:
    region = np.zeros((5, 6), bool)
    region[1:4, 2:4] = True
    region[3, 4] = True
    assert outlines(region) == [[2, 1, 4, 1, 4, 3, 5, 3, 5, 4, 2, 4]]


def test_pixels_that_touch_at_a_corner_have_outlines_of_their_own() -> None:
    assert outlines(np.eye(2, dtype=bool)) == [[0, 0, 1, 0, 1, 1, 0, 1], [1, 1, 2, 1, 2, 2, 1, 2]]
    ring = np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]], bool)
    assert len(outlines(ring) or []) == 4


@pytest.mark.parametrize("hole", [(1, 1), (1, 2)])
def test_a_hole_cannot_be_held(hole: tuple[int, int]) -> None:
    region = np.ones((3, 4), bool)
    region[hole] = False
    assert outlines(region) is None


def has_hole(region: np.ndarray) -> bool:
    """Return whether a part of the outside, joined at corners too, does not reach the border."""
    return label(np.pad(~region, 1, constant_values=True), np.ones((3, 3)))[1] > 1


@given(arrays.arrays(bool, st.tuples(st.integers(1, 8), st.integers(1, 8))))
def test_every_region_without_a_hole_comes_back(region: np.ndarray) -> None:
    polygons = outlines(region)
    assert (polygons is None) == has_hole(region)
    if polygons:
        merged = coder.merge(coder.frPyObjects(polygons, *region.shape))
        assert (coder.decode(merged) == region).all()
        assert len(polygons) == label(region)[1]
    elif polygons is not None:
        assert not region.any()
