"""Rows of cells become a table for a terminal and one in Markdown."""

from getam.evaluation.text_table import aligned, markdown

ROWS = [["class", "IoU", "n"], ["golden retriever", "0.5", "10"], ["cat", "-", "7"]]


def test_columns_are_as_wide_as_their_widest_cell() -> None:
    assert aligned(ROWS).splitlines() == [
        "class             IoU   n",
        "golden retriever  0.5  10",
        "cat                 -   7",
    ]


def test_markdown_has_a_rule_below_the_head() -> None:
    assert markdown(ROWS).splitlines() == [
        "| class | IoU | n |",
        "| --- | ---: | ---: |",
        "| golden retriever | 0.5 | 10 |",
        "| cat | - | 7 |",
    ]


def test_a_row_stays_one_line() -> None:
    rows = [["class", "IoU"], ["two\nlines", "0.5"], ["cat", "-"]]
    assert aligned(rows).splitlines() == ["class       IoU", r"two\nlines  0.5", "cat           -"]
    assert r"| two\nlines | 0.5 |" in markdown(rows).splitlines()
