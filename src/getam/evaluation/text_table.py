"""This module writes rows of cells as a table, for a terminal or in Markdown."""

from collections.abc import Sequence

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
    head, *body = rows
    rule = ["---", *["---:"] * (len(head) - 1)]
    return "\n".join(f"| {' | '.join(row)} |" for row in [head, rule, *body])
