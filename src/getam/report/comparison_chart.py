"""This module draws a comparison of attribution methods as one SVG picture of several charts."""

from collections.abc import Mapping
from html import escape

from getam.evaluation import Comparison, MethodScores
from getam.report.line_chart import HEIGHT, WIDTH, Points, drawable, line_drawing
from getam.report.line_colours import LINES, line_colours

TITLE, GAP, LINE = 34, 16, 22
KEY = 130  # width of a legend entry in pixels

STYLE = (
    "text { font: 12px system-ui, 'DejaVu Sans', sans-serif; fill: #59636e; } "
    ".title { font-size: 14px; font-weight: 600; fill: #1f2328; } "
    ".chart text { font-size: 11px; } .grid { stroke: #e1e4e8; } "
    "polyline { fill: none; stroke-width: 2; stroke-linejoin: round; }\n"
)

Panels = Mapping[tuple[str, str], Mapping[str, Points]]
"""The lines of each chart, by the title of the chart and the label of its x axis."""


def comparison_svg(comparison: Comparison) -> str:
    """Draw the mIoU over the first block and over the threshold.

    If they were measured, the insertion and deletion curves are drawn too.

    Returns
    -------
    str
        The content of an SVG file on white, with two charts per row and one line per method.
    """
    panels: dict[tuple[str, str], Mapping[str, Points]] = {}
    for refined in sorted({row.refined for row in comparison.rows}):
        after = "refined by PAMR" if refined else "unrefined"
        panels[f"mIoU, {after}", "first block"] = over_blocks(comparison, refined=refined)
    for refined in sorted({row.refined for row in comparison.rows}):
        best = comparison.best_of_methods(refined=refined)
        after = "refined by PAMR" if refined else "unrefined"
        panels[f"mIoU at the best first block, {after}", "threshold"] = {
            method: list(row.seed.curve.items()) for method, row in best.items()
        }
    best = comparison.best_of_methods(refined=False)
    for name in ("insertion", "deletion"):
        lines = {method: faithfulness(row, name) for method, row in best.items()}
        panels[f"{name} at the best first block, unrefined", "share of pixels"] = lines
    return figure_svg({title: drawable(lines) for title, lines in panels.items() if any(lines)})


def over_blocks(comparison: Comparison, *, refined: bool) -> dict[str, Points]:
    """Return the best mIoU of each method over its first block, as points of a line."""
    lines: dict[str, list[tuple[float, float]]] = {}
    for row in comparison.rows:
        if row.refined == refined:
            lines.setdefault(row.method, []).append((row.first_block, row.seed.best.miou))
    return {method: sorted(points) for method, points in lines.items()}


def faithfulness(row: MethodScores, name: str) -> Points:
    """Return the probability of the class over the share of pixels that were changed."""
    curve: list[float] = getattr(row, name) or []
    return [(step / (len(curve) - 1), value) for step, value in enumerate(curve)]


def figure_svg(panels: Panels) -> str:
    """Draw charts with titles, two per row, above one legend for the lines of all charts."""
    charts = {title: lines for title, lines in panels.items() if lines}
    names = list(next(iter(charts.values())))
    rows = -(-len(charts) // 2)
    width, top = 2 * WIDTH + 3 * GAP, rows * (TITLE + HEIGHT)
    entries = width // KEY
    height = top + GAP + LINE * -(-len(names) // entries)
    drawn = [
        _panel(number, title, line_drawing(lines, x_label=x_label))
        for number, ((title, x_label), lines) in enumerate(charts.items())
    ]
    keys = [
        _key(number, name, GAP + number % entries * KEY, top + GAP + number // entries * LINE)
        for number, name in enumerate(names)
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}">\n<style>{STYLE}{line_colours()}</style>\n'
        f'<rect width="100%" height="100%" fill="#ffffff"/>\n{"".join(drawn + keys)}</svg>\n'
    )


def _panel(number: int, title: str, chart: str) -> str:
    left, top = GAP + number % 2 * (WIDTH + GAP), number // 2 * (TITLE + HEIGHT)
    return (
        f'<text class="title" x="{left}" y="{top + TITLE - 12}">{escape(title)}</text>\n'
        f'<svg x="{left}" y="{top + TITLE}" width="{WIDTH}" height="{HEIGHT}">{chart}</svg>\n'
    )


def _key(number: int, name: str, left: int, top: int) -> str:
    colour = LINES[number % len(LINES)]
    return (
        f'<rect x="{left}" y="{top + 5}" width="14" height="4" rx="2" fill="{colour}"/>'
        f'<text x="{left + 20}" y="{top + 11}">{escape(name)}</text>\n'
    )
