"""This module holds the colours of the lines of a chart."""

LINES = (
    *("#4269d0", "#ff725c", "#3ca951", "#efb118", "#a463f2", "#6cc5b0", "#ff8ab7", "#9c6b4e"),
    *("#8c939d", "#c2185b", "#1b7f8c", "#a8b820"),
)
"""Twelve colours that are easy to tell apart on light and dark pages, the first eight best."""


def line_colours() -> str:
    """Return the style of the chart lines."""
    return "".join(
        f".chart .line{number} {{ stroke: {colour}; }} .chart .dot{number} {{ fill: {colour}; }} "
        f".key{number} {{ background: {colour}; }}\n"
        for number, colour in enumerate(LINES)
    )
