"""Pickled label files are read without executing them."""

import json
import os
import pickle

import numpy as np
import pytest

from getam.data import VOC_CLASSES, Tags, read_labels

EXPECTED = {"a": Tags(("cat",)), "b": Tags(("dog", "cat")), "c": Tags(())}


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
