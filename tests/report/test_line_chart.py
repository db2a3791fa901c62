"""Charts: points lie where they belong, and ticks are few and even."""

import re

import numpy as np
import pytest

from getam.report import line_chart
from getam.report.line_chart import MAX_POINTS, round_ticks, thin_out


def test_chart_puts_points_where_they_belong():
    chart = line_chart({"a": [(0, 0.0), (5, float("nan")), (10, 1.0)], "b": [(5, 0.5)]})
    points = re.search(r'points="([^"]+)"', chart).group(1)
    (x0, y0), (x1, y1) = (map(float, point.split(",")) for point in points.split())
    assert x0 < x1
    assert y0 > y1
    dot = re.search(r'cx="([^"]+)" cy="([^"]+)"', chart).groups()
    assert [float(value) for value in dot] == pytest.approx([(x0 + x1) / 2, (y0 + y1) / 2])
    assert line_chart({"a": [], "b": [(0, float("inf"))]}) == ""


@pytest.mark.parametrize("values", [[0.013, 0.87], [5, 5], [0, 0], [-3, 1e-7], [1e-9, 3e-9]])
def test_ticks_are_few_even_and_around_the_values(values):
    ticks = round_ticks(values)
    assert 2 <= len(ticks) <= 9
    assert ticks[0] <= min(values)
    assert ticks[-1] >= max(values)
    steps = np.diff(ticks)
    assert steps == pytest.approx(np.full(len(steps), steps[0]), rel=1e-3)


def test_long_series_keep_their_mean():
    points = [(float(step), float(step % 7)) for step in range(MAX_POINTS * 4)]
    thin = thin_out(points)
    assert len(thin) == MAX_POINTS
    assert np.mean([y for _, y in thin]) == pytest.approx(np.mean([y for _, y in points]))
    assert thin_out(points[:5]) == points[:5]
