"""Label files of every kind, sound and broken; pickles without executing them."""

import json
import os
import pickle

import numpy as np
import pytest

from getam.data import VOC_CLASSES, Tags, read_labels

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


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64, np.uint8, bool, ">f4"])
def test_npy_of_any_number_type(tmp_path, dtype):
    path = tmp_path / "labels.npy"
    vectors = {"a": [0, 1], "b": [1, 1], "c": [0, 0]}
    np.save(path, {name: np.array(vector, dtype) for name, vector in vectors.items()})
    assert read_labels(path, classes=["dog", "cat"]) == EXPECTED


@pytest.mark.parametrize("protocol", range(5))
def test_npy_of_any_pickle_protocol(tmp_path, protocol):
    path = tmp_path / "labels.npy"
    table = np.array({"a": np.array([0.0, 1.0]), 7: [np.float32(1), 0]}, dtype=object)
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(
            file, {"descr": "|O", "fortran_order": False, "shape": ()}
        )
        pickle.dump(table, file, protocol=protocol)
    assert read_labels(path, classes=["dog", "cat"]) == {"a": Tags(("cat",)), "7": Tags(("dog",))}


def test_the_label_file_that_everybody_uses(shared_data):
    path = shared_data / "voc2012_lists" / "cls_labels.npy"
    labels = read_labels(path)
    trusted = np.load(path, allow_pickle=True).item()
    assert len(labels) == len(trusted) > 11_000
    for name, vector in trusted.items():
        assert labels[name] == Tags(tuple(VOC_CLASSES[i] for i in np.flatnonzero(vector)))
    animals = json.loads((shared_data / "voc2012_animals" / "image_labels.json").read_text())
    same = [
        set(labels[name].labels) == set(names) for name, names in animals.items() if name in labels
    ]
    assert np.mean(same) > 0.9


class Attack:
    def __init__(self, call: object, *arguments: object) -> None:
        self.call, self.arguments = call, arguments

    def __reduce__(self) -> tuple:
        return self.call, self.arguments


@pytest.mark.parametrize("call", [os.system, exec, eval, getattr, np.load])
def test_npy_executes_nothing(tmp_path, call):
    mark = tmp_path / "executed"
    np.save(tmp_path / "bad.npy", {"a": Attack(call, f"touch {mark}")}, allow_pickle=True)
    with pytest.raises(ValueError, match=r"bad\.npy: the pickle asks for .*refused") as caught:
        read_labels(tmp_path / "bad.npy")
    assert not mark.exists()
    assert "\n" not in str(caught.value)


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


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"a": np.ones(3)}, "2 values of 0 or 1, got 3"),
        ({"a": np.array([0.5, 1])}, "0 or 1"),
        ({"a": 3}, "dictionary of id to vector"),
        ([1, 2], "one pickled object"),
    ],
)
def test_broken_npy(tmp_path, table, message):
    np.save(tmp_path / "a.npy", table, allow_pickle=True)
    with pytest.raises(ValueError, match=message):
        read_labels(tmp_path / "a.npy", classes=["dog", "cat"])


def test_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError, match="no label file"):
        read_labels(tmp_path / "none.csv")
    (tmp_path / "latin.csv").write_bytes(b"image,labels\na,\xe9\n")
    with pytest.raises(ValueError, match=r"cannot read the table"):
        read_labels(tmp_path / "latin.csv")
