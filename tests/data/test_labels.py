"""Label files of every kind, sound and broken; pickles without executing them."""

import json

import pytest

from getam.data import Tags, read_labels

EXPECTED = {"a": Tags(("cat",)), "b": Tags(("dog", "cat")), "c": Tags(())}


def test_csv_with_names(tmp_path):
    path = tmp_path / "labels.csv"
    path.write_text("\ufeffimage, labels\na.jpg,cat\nb, dog; cat\nc,\n\n", encoding="utf-8")
    assert read_labels(path) == EXPECTED


def test_csv_one_hot(tmp_path):
    path = tmp_path / "labels.csv"
    path.write_text("image,split,dog,cat\na.jpg,x,0,1\nb,x,1,1.0\nc,y,0,0.0\n")
    assert read_labels(path) == EXPECTED


def test_an_empty_cell_is_unknown_and_a_zero_is_no(tmp_path):
    path = tmp_path / "labels.csv"
    path.write_text("image,dog,cat\na,1,\nb,,0\nc,,\nd,0,0\n")
    assert read_labels(path) == {
        "a": Tags(("dog",), unknown=("cat",)),
        "b": Tags((), unknown=("dog",)),
        "c": Tags(None),
        "d": Tags(()),
    }


@pytest.mark.parametrize("name", ["background", "Background", " BACKGROUND "])
def test_no_class_may_be_called_background(tmp_path, name):
    (tmp_path / "a.csv").write_text(f"image,cat,{name}\na,0,1\n")
    (tmp_path / "b.csv").write_text(f"image,labels\na,cat;{name}\n")
    (tmp_path / "c.json").write_text(json.dumps({"a": ["cat", name]}))
    for path in sorted(tmp_path.iterdir()):
        with pytest.raises(ValueError, match=r"has a class ' ?(?i:background).*rename") as caught:
            read_labels(path)
        assert "\n" not in str(caught.value)


def test_json(tmp_path):
    path = tmp_path / "labels.json"
    path.write_text(json.dumps({"a.jpg": "cat", "b": ["dog", "cat", "dog"], "c": []}))
    assert read_labels(path) == EXPECTED


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", "", "first row"),
        ("a.csv", "picture,labels\na,cat\n", "first row"),
        ("a.csv", "image\na\n", "first row"),
        ("a.csv", "image,labels\n", "empty"),
        ("a.csv", "image,labels\na,cat,dog\n", "row 2 .* 2 cells"),
        ("a.csv", "image,labels\na,cat\na.png,dog\n", "photo a twice"),
        ("a.csv", "image,cat\na,maybe\n", "0 or 1, got 'maybe'"),
        ("a.json", "{", "cannot read"),
        ("a.json", "[1]", "object of id"),
        ("a.json", '{"a": 3}', "list of names, got 3"),
        ("a.json", "{}", "empty"),
        ("a.json", '{"a": "cat", "a.jpg": "dog"}', "photo a twice"),
        ("a.npy", "text", "cannot read"),
        ("a.txt", "a cat", r"\.csv, \.json or \.npy"),
    ],
)
def test_broken_files_are_one_line(tmp_path, name, content, message):
    (tmp_path / name).write_text(content)
    with pytest.raises(ValueError, match=message) as caught:
        read_labels(tmp_path / name)
    assert "\n" not in str(caught.value)


def test_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError, match="no label file"):
        read_labels(tmp_path / "none.csv")
    (tmp_path / "latin.csv").write_bytes(b"image,labels\na,\xe9\n")
    with pytest.raises(ValueError, match=r"cannot read the table"):
        read_labels(tmp_path / "latin.csv")
