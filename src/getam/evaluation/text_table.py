"""This module writes figures and rows of cells as text, for a terminal or in Markdown."""

from collections.abc import Sequence

from getam.printable import printable

Rows = Sequence[Sequence[str]]
"""The rows of a table. The first one is the head, and all have the same length."""


def aligned(rows: Rows) -> str:
    """Return a table as text, with the first column to the left and the others to the right.

    Examples
    --------
    >>> print(aligned([["class", "IoU"], ["dog", "0.5"]]))
    class  IoU
    dog    0.5
    """
    rows = [[printable(cell) for cell in row] for row in rows]
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(
            [row[0].ljust(widths[0])]
            + [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        )
        for row in rows
    )


def markdown(rows: Rows) -> str:
    """Return a table in Markdown, with the first column to the left and the others to the right.

    Examples
    --------
    >>> print(markdown([["class", "IoU"], ["dog", "0.5"]]))
    | class | IoU |
    | --- | ---: |
    | dog | 0.5 |
    """
    head, *body = [[printable(cell) for cell in row] for row in rows]
    rule = ["---", *["---:"] * (len(head) - 1)]
    return "\n".join(f"| {' | '.join(row)} |" for row in [head, rule, *body])


def percent(share: float | None) -> str:
    """Return a share as text in percent, or a dash for None and nan.

    Examples
    --------
    >>> percent(0.734), percent(0.004), percent(None)
    ('73 %', '0.4 %', '–')
    """
    if share is None or share != share:
        return "–"
    return f"{100 * share:.1f} %" if 0.0005 <= share < 0.01 else f"{100 * share:.0f} %"
