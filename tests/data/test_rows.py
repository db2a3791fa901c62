"""Rows of a CSV; what a cell says about a class."""

import pytest

from getam.data import Tags
from getam.data.rows import read_rows, tags_in_row


@pytest.mark.parametrize(
    ("row", "tags"),
    [
        ({"labels": "cat; dog;;cat"}, Tags(("cat", "dog"))),
        ({"labels": ""}, Tags(())),
        ({"cat": "1", "dog": "0"}, Tags(("cat",))),
        ({"cat": "0", "dog": "0.0"}, Tags(())),
        ({"cat": "", "dog": "1.0"}, Tags(("dog",), unknown=("cat",))),
        ({"cat": "", "dog": "0"}, Tags((), unknown=("cat",))),
        ({"cat": "", "dog": ""}, Tags(None)),
    ],
)
def test_no_yes_and_unknown(tmp_path, row, tags):
    assert tags_in_row({"image": "1", "split": "train", **row}, tmp_path) == tags


def test_a_cell_that_says_something_else(tmp_path):
    with pytest.raises(ValueError, match="must hold 0 or 1, got 'x' for 1 in .*leave unknown cell"):
        tags_in_row({"image": "1", "cat": "x"}, tmp_path / "a.csv")


def test_quoted_cells_over_several_lines(tmp_path):
    (tmp_path / "a.csv").write_bytes(b'image,labels\r\n"a,1",cat\r\n"b\n2", dog \r\n')
    assert read_rows(tmp_path / "a.csv") == [
        {"image": "a,1", "labels": "cat"},
        {"image": "b\n2", "labels": "dog"},
    ]
