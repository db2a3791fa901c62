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
        ({"cat": "TRUE", "dog": "False"}, Tags(("cat",))),
    ],
)
def test_no_yes_and_unknown(tmp_path, row, tags):
    assert tags_in_row({"image": "1", "split": "train", **row}, tmp_path) == tags


def test_a_cell_that_says_something_else(tmp_path):
    with pytest.raises(ValueError, match="'cat' .* must hold 0 or 1, got 'x' for 1 in .*leave unk"):
        tags_in_row({"image": "1", "cat": "x"}, tmp_path / "a.csv")


def test_quoted_cells_over_several_lines(tmp_path):
    (tmp_path / "a.csv").write_bytes(b'image,labels\r\n"a,1",cat\r\n"b\n2", dog \r\n')
    assert read_rows(tmp_path / "a.csv") == [
        {"image": "a,1", "labels": "cat"},
        {"image": "b\n2", "labels": "dog"},
    ]


SHEET = "image,labels\na.jpg,chat;côte\nb.jpg,\n"


def read(tmp_path, text, encoding="utf-8"):
    (tmp_path / "a.csv").write_bytes(text.encode(encoding))
    return read_rows(tmp_path / "a.csv")


@pytest.mark.parametrize(
    "text",
    [
        SHEET,
        "\ufeff" + SHEET,
        '\r\nimage;labels\r\na.jpg;"chat;côte"\r\nb.jpg;\r\n',
        "image\tlabels\na.jpg\tchat;côte\nb.jpg\t\n",
    ],
)
def test_what_spreadsheets_write(tmp_path, text):
    rows = [{"image": "a.jpg", "labels": "chat;côte"}, {"image": "b.jpg", "labels": ""}]
    assert read(tmp_path, text) == rows


@pytest.mark.parametrize(
    ("text", "encoding", "message"),
    [
        (SHEET, "utf-16", "its text is UTF-16; save it as CSV UTF-8"),
        (SHEET, "utf-16-le", "its text is UTF-16; save it as CSV UTF-8"),
        (SHEET, "latin-1", "line 2 holds a letter in another encoding than UTF-8; save it as CSV"),
        ("PK\3\4" + SHEET, "latin-1", "it is a workbook of Excel, not a CSV; save it as CSV UTF"),
        ("image,cat,,dog\n", "utf-8", "column 3 of .* has no name in the first row"),
        ("image,cat,cat\n", "utf-8", "names the column 'cat' twice"),
        ("image;labels,split\n", "utf-8", "'image;labels,split'; separate the columns by commas"),
        ("image;labels\na;cat;dog\n", "utf-8", "row 2 .* 2 cells: .* holds ';' itself must stand"),
    ],
)
def test_what_cannot_be_read_says_what_to_do(tmp_path, text, encoding, message):
    with pytest.raises(ValueError, match=message) as caught:
        read(tmp_path, text, encoding)
    assert "\n" not in str(caught.value)
