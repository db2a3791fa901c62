"""Outlines of COCO are drawn as pycocotools draws them, and hostile ones are refused before."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from pycocotools import mask as coco_mask

from getam.data.outline import polygon_mask, run_length_mask, unpacked

MASKS = arrays.arrays(bool, st.tuples(st.integers(1, 9), st.integers(1, 9)))


@given(MASKS)
def test_packed_run_lengths_are_those_of_coco(mask: np.ndarray) -> None:
    packed = coco_mask.encode(np.asfortranarray(mask.astype(np.uint8)))
    text = packed["counts"].decode()
    drawn = run_length_mask({"size": packed["size"], "counts": text}, mask.shape)
    assert np.array_equal(drawn, mask)
    lengths = {"size": packed["size"], "counts": unpacked(text)}
    assert np.array_equal(run_length_mask(lengths, mask.shape), mask)


def test_polygons_are_those_of_coco() -> None:
    polygons = [[1, 1, 9, 1, 9, 9.5], [12.0, 3.0, 15.0, 3.0, 15.0, 8.0, 12.0, 8.0]]
    theirs = coco_mask.decode(coco_mask.frPyObjects(polygons, 20, 30)).any(2)
    drawn = polygon_mask(polygons, (20, 30))
    assert np.array_equal(drawn, theirs)
    assert drawn.any()


@pytest.mark.parametrize(
    ("counts", "size", "reason"),
    [
        ([1, 2, 4], (2, 3), "must fill"),
        ([7, -1], (2, 3), "whole numbers"),
        ([1.5, 4.5], (2, 3), "whole numbers"),
        ([10**12], (2, 3), "must fill"),
        (None, (2, 3), "whole numbers"),
        ([6], (3, 2), "must have the size"),
        ("\x7f", (2, 3), "no packed numbers"),
        ("P" * 40, (2, 3), "no packed numbers"),
        ("PP", (2, 3), "end within"),
    ],
)
def test_hostile_run_lengths(counts: object, size: tuple[int, int], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        run_length_mask({"size": [2, 3], "counts": counts}, size)


@pytest.mark.parametrize(
    ("polygons", "reason"),
    [
        ([[0, 0, 1e9, 0, 0, 1e9]], "far outside"),
        ([[0, 0, float("nan"), 0, 0, 1]], "far outside"),
        ([[0, 0, 19, 29] * 3000], "too long"),
        ([[0, 0, 1]], "x, y"),
        ([["0", 0, 1, 1]], "x, y"),
        ([], "list of polygons"),
        (None, "list of polygons"),
    ],
)
def test_hostile_polygons(polygons: object, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        polygon_mask(polygons, (20, 30))


def test_a_polygon_without_an_inside_is_passed_over():
    triangle = [1, 1, 9, 1, 9, 9]
    expected = polygon_mask([triangle], (12, 12))
    for outline in ([[5, 5, 20, 20], triangle], [triangle, [5, 5, 20, 20]]):
        assert (polygon_mask(outline, (12, 12)) == expected).all()
    assert not polygon_mask([[5, 5, 11, 11]], (12, 12)).any()


def test_a_number_too_large_for_any_float_is_refused():
    with pytest.raises(ValueError, match="far outside"):
        polygon_mask([[10**400, 1, 2, 2, 3, 3]], (12, 12))
