"""A stroke covers every pixel near its line."""

import numpy as np
import pytest

from getam.correction import paint


def slow(label, points, radius, value):
    """Walk along the stroke in small steps, and paint what is near each of them."""
    painted = label.copy()
    pairs = zip(points, points[1:], strict=False)
    line = np.concatenate([np.linspace(one, other, 400) for one, other in pairs])
    for y, x in np.ndindex(*label.shape):
        if ((line - (x, y)) ** 2).sum(1).min() <= radius**2 + 1e-3:
            painted[y, x] = value
    return painted


@pytest.mark.parametrize("radius", [1.5, 3.2])
def test_a_stroke_is_round_and_joins_its_points(radius):
    rng = np.random.default_rng(0)
    label = rng.integers(0, 4, (14, 18), dtype=np.uint8)
    before = label.copy()
    for _ in range(4):
        points = [tuple(map(int, rng.integers(-3, 20, 2))) for _ in range(3)]
        painted = paint(label, points, radius=radius, value=7)
        assert (painted == slow(label, points, radius, 7)).all()
        assert (label == before).all()


def test_the_smallest_brush_paints_one_pixel():
    painted = paint(np.zeros((3, 4), np.uint8), [(2.2, 0.9)], radius=0, value=255)
    assert np.argwhere(painted).tolist() == [[1, 2]]
    stroke = paint(np.zeros((2, 4), np.uint8), [(0, 0), (3, 1)], radius=0, value=1)
    assert stroke.tolist() == [[1, 1, 0, 0], [0, 0, 1, 1]]  # without a gap


def test_a_stroke_outside_the_photo_changes_nothing():
    assert not paint(np.zeros((3, 4), np.uint8), [(-9, -9), (90, -9)], radius=2, value=1).any()


def test_a_stroke_needs_a_point():
    with pytest.raises(ValueError, match="at least one point"):
        paint(np.zeros((3, 4), np.uint8), [], radius=1, value=1)
