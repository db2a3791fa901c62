"""Tables of photos, sound and broken."""

import os

import pytest

from getam.data import open_source

from .scenes import write_photo

NAMES = "image,labels,split\nx/1.png,dog;cat,train\n2,cat,train\n3.png,,val\nx/4.png,yak,val\n"


@pytest.fixture
def folder(tmp_path):
    for name in ("x/1.png", "2.jpg", "3.png", "x/4.png"):
        write_photo(tmp_path / name)
    return tmp_path


def opened(folder, text, **arguments):
    (folder / "table.csv").write_text(text)
    return open_source(folder / "table.csv", **arguments)


def test_names(folder):
    source = opened(folder, NAMES)
    assert source.classes == {"cat": 1, "dog": 2, "yak": 3}
    labels = {record.id: record.labels for record in source.records}
    assert labels == {"x/1": ("dog", "cat"), "2": ("cat",), "3": (), "x/4": ("yak",)}
    assert all(record.image.is_file() for record in source.records)


def test_split_keeps_the_classes_of_the_whole_table(folder):
    source = opened(folder, NAMES, split="train")
    assert [record.id for record in source.records] == ["x/1", "2"]
    assert list(source.classes) == ["cat", "dog", "yak"]
    with pytest.raises(ValueError, match="there are train, val; did you mean 'val'"):
        opened(folder, NAMES, split="vall")
    with pytest.raises(ValueError, match="no column split, so it has no part 'val': add one"):
        opened(folder, "image,labels\n2,cat\n", split="val")


def test_ids_do_not_depend_on_the_split(folder):
    text = "image,labels,split\nx/1.png,dog,train\nx/4.png,dog,train\n../2.jpg,cat,val\n"
    write_photo(folder / ".." / "2.jpg")
    whole = [record.id for record in opened(folder, text).records]
    assert whole == [f"{folder.name}/x/1", f"{folder.name}/x/4", "2"]
    train = opened(folder, text, split="train")
    assert [record.id for record in train.records] == whole[:2]


def test_one_hot_keeps_the_order_of_the_columns(folder):
    source = opened(folder, "image,yak,cat\nx/1.png,1,0\n2.jpg,1,1\n")
    assert source.classes == {"yak": 1, "cat": 2}
    assert source.label_vector(source.records[0]).tolist() == [1, 0]


def test_no_and_unknown_are_two_things(folder, caplog):
    caplog.set_level("INFO")
    source = opened(folder, "image,yak,cat\nx/1.png,1,\n2,0,1\n3,0,0\nx/4.png,,\n")
    first, second, third, fourth = source.records
    assert (first.labels, first.unknown) == (("yak",), ("cat",))
    assert source.known_vector(first).tolist() == [True, False]
    assert source.known_vector(first).dtype == bool
    assert (third.labels, third.unknown) == ((), ())
    assert source.known_vector(third).tolist() == [True, True]
    assert fourth.labels is None
    assert source.known_vector(fourth).tolist() == [False, False]
    assert source.label_vector(fourth).tolist() == [0, 0]
    assert source.for_training().records == (first, second, third)
    assert "nothing is known about 1 photos" in caplog.text
    cats = source.choose(["cat"])
    assert [record.labels for record in cats.records] == [None, ("cat",), (), None]
    assert not any(record.unknown for record in cats.records)
    with pytest.raises(ValueError, match="no photo of .* has a label"):
        opened(folder, "image,yak\n2,0\n3,0\n").for_training()


def test_missing_photos(folder, caplog):
    text = NAMES + "gone.png,cat,train\n"
    assert len(opened(folder, text)) == 4
    assert "1 photos" in caplog.text
    with pytest.raises(ValueError, match=r"gone\.png"):
        opened(folder, text, strict=True)
    with pytest.raises(FileNotFoundError, match="none of the photos"):
        opened(folder, "image,labels\ngone.png,cat\n")


def test_a_long_table_lists_each_folder_once_and_says_so(folder, caplog, monkeypatch):
    listed, scandir = [], os.scandir
    monkeypatch.setattr("getam.data.table.MANY", 3)
    monkeypatch.setattr(os, "scandir", lambda path: listed.append(path) or scandir(path))
    caplog.set_level("INFO")
    assert len(opened(folder, NAMES)) == 4
    assert listed == [folder / "x", folder]
    assert "looking for the photos of the 4 rows of" in caplog.text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("image,labels\n", "no rows"),
        ("image,labels\n2,cat\n2,dog\n", "photos more than once: 2 = 2;"),
        ("image,labels\n2,cat\n2.jpg,dog\n", "more than once"),
        ("image,cat,Background\n2,1,0\n", "has a class 'Background'"),
        ("image,labels\n2,cat;background\n", "has a class 'background'"),
        ("image,cat\n2,5\n", "0 or 1, got '5' for 2"),
        ("", "first row"),
    ],
)
def test_broken_tables(folder, text, message):
    with pytest.raises(ValueError, match=message):
        opened(folder, text)


def test_a_table_carries_its_own_labels(folder):
    with pytest.raises(ValueError, match=r"leave out the label file other.csv \(--labels\)"):
        opened(folder, NAMES, labels="other.csv")
