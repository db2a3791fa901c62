"""This module draws a line chart as inline SVG, in the colours of the page's style sheet."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from getam.report.line_colours import LINES

WIDTH, HEIGHT = 520, 272
LEFT, RIGHT, TOP, BOTTOM = 56, 20, 12, 42
MAX_POINTS = 240
"""Largest number of points of a line. More would only make the file larger."""

Points = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Axis:
    """An axis maps its values to pixels.

    Attributes
    ----------
    ticks
        Round values. The first and the last are the ends of the axis.
    start, end
        Pixel positions of the first and the last tick.
    """

    ticks: list[float]
    start: float
    end: float

    def pixel(self, value: float) -> float:
        """Return the pixel position of a value."""
        low, high = self.ticks[0], self.ticks[-1]
        return self.start + (value - low) / (high - low) * (self.end - self.start)


def line_chart(series: Mapping[str, Points], *, x_label: str = "step") -> str:
    """Draw one line per series.

    Parameters
    ----------
    series
        Points (x, y) of each line by its name. At most 12 lines get colours of their own. Values
        that are not finite are left out, and long lines are averaged to at most 240 points.
    x_label
        Label of the x axis.

    Returns
    -------
    str
        An ``<svg>`` element followed by its legend, or "" if there is nothing to draw.

    Examples
    --------
    >>> "polyline" in line_chart({"loss": [(0, 1.0), (10, 0.5)]})
    True
    """
    lines = drawable(series)
    return line_drawing(lines, x_label=x_label) + _legend(list(lines)) if lines else ""


def drawable(series: Mapping[str, Points]) -> dict[str, Points]:
    """Return the series that have a finite point, each with at most 240 points."""
    finite = {name: _finite(points) for name, points in series.items()}
    return {name: thin_out(points) for name, points in finite.items() if points}


def line_drawing(lines: Mapping[str, Points], *, x_label: str) -> str:
    """Draw a chart without legend, as an ``<svg>`` element of 520 x 272 pixels.

    ``lines`` must come from `drawable`.
    """
    every = [point for points in lines.values() for point in points]
    x_axis = Axis(round_ticks([x for x, _ in every]), LEFT, WIDTH - RIGHT)
    y_axis = Axis(round_ticks([y for _, y in every]), HEIGHT - BOTTOM, TOP)
    parts = [
        *(_horizontal(y_axis, tick) for tick in y_axis.ticks),
        *(_x_tick(x_axis, tick) for tick in x_axis.ticks),
        f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 6}" text-anchor="middle">'
        f"{escape(x_label)}</text>",
        *(
            _line(number, name, points, x_axis, y_axis)
            for number, (name, points) in enumerate(lines.items())
        ),
    ]
    label = escape(", ".join(lines), quote=True)
    return (
        f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{label}">'
        f"{''.join(parts)}</svg>"
    )


def thin_out(points: Points) -> Points:
    """Average neighbouring points, so that at most 240 are left."""
    group = math.ceil(len(points) / MAX_POINTS)
    if group == 1:
        return points
    groups = [points[start : start + group] for start in range(0, len(points), group)]
    return [
        (sum(x for x, _ in group) / len(group), sum(y for _, y in group) / len(group))
        for group in groups
    ]


def round_ticks(values: Sequence[float]) -> list[float]:
    """Return about five round numbers around values, spaced by 1, 2 or 5 times a power of ten.

    Examples
    --------
    >>> round_ticks([0.03, 0.88])
    [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    """
    low, high = min(values), max(values)
    if high == low:
        low, high = low - abs(low) / 2 - 1e-6, high + abs(high) / 2 + 1e-6
    rough = (high - low) / 4
    power = 10.0 ** math.floor(math.log10(rough))
    step = min((factor * power for factor in (1, 2, 5, 10)), key=lambda s: abs(s - rough))
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(number * step, 12) for number in range(first, last + 1)]


def _finite(points: Points) -> Points:
    return [(x, y) for x, y in points if math.isfinite(x) and math.isfinite(y)]


def _horizontal(axis: Axis, tick: float) -> str:
    y = axis.pixel(tick)
    return (
        f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
        f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{tick:g}</text>'
    )


def _x_tick(axis: Axis, tick: float) -> str:
    y = HEIGHT - BOTTOM + 16
    return f'<text x="{axis.pixel(tick):.1f}" y="{y}" text-anchor="middle">{tick:g}</text>'


def _line(number: int, name: str, points: Points, x_axis: Axis, y_axis: Axis) -> str:
    at = " ".join(f"{x_axis.pixel(x):.1f},{y_axis.pixel(y):.1f}" for x, y in points)
    title = f"<title>{escape(name)}</title>"
    if len(points) == 1:
        x, y = at.split(",")
        return f'<circle class="dot{number % len(LINES)}" cx="{x}" cy="{y}" r="3">{title}</circle>'
    return f'<polyline class="line{number % len(LINES)}" points="{at}">{title}</polyline>'


def _legend(names: Sequence[str]) -> str:
    entries = (
        f'<span><i class="key{number % len(LINES)}"></i>{escape(name)}</span>'
        for number, name in enumerate(names)
    )
    return f'<div class="legend">{"".join(entries)}</div>'
