"""Folders of photos: per class, with a label file, and alone for prediction."""

import pytest

from getam.data import list_photos, open_source

from .scenes import write_photo


def labels_of(source):
    return {record.id: record.labels for record in source.records}


@pytest.fixture
def folder(tmp_path):
    for split in ("train", "val"):
        for name in ("dog/1.png", "dog/2.PNG", "cat/3.jpg"):
            write_photo(tmp_path / "set" / split / name)
    write_photo(tmp_path / "set" / "val" / "yak" / "4.png")
    (tmp_path / "set" / "train" / ".hidden").mkdir()
    write_photo(tmp_path / "set" / "train" / ".hidden" / "5.png")
    (tmp_path / "set" / "train" / "notes.txt").write_text("not a photo")
    return tmp_path / "set"


def test_one_sub_folder_per_class(folder):
    source = open_source(folder / "train")
    assert source.classes == {"cat": 1, "dog": 2}
    assert labels_of(source) == {"cat/3": ("cat",), "dog/1": ("dog",), "dog/2": ("dog",)}
    assert not source.has_truth
    with pytest.raises(FileNotFoundError, match="has no masks"):
        source.read_truth(source.records[0])


def test_class_folders_are_no_splits(folder):
    with pytest.raises(ValueError, match="has no part 'val', as its folders are classes: move"):
        open_source(folder / "train", split="val")


def test_splits_share_their_classes(folder):
    source = open_source(folder, split="train")
    assert list(source.classes) == ["cat", "dog", "yak"]
    with pytest.raises(ValueError, match="yak"):
        source.for_training()
    with pytest.raises(ValueError, match="did you mean 'train'"):
        open_source(folder, split="tran")
    with pytest.raises(ValueError, match="choose a split, one of train, val"):
        open_source(folder)


def test_ids_are_paths_below_the_root_and_stems_find_them(tmp_path):
    for name in ("dog/1.png", "cat/1.png", "cat/2.png"):
        write_photo(tmp_path / name)
    assert labels_of(open_source(tmp_path)) == {
        "cat/1": ("cat",),
        "cat/2": ("cat",),
        "dog/1": ("dog",),
    }
    (tmp_path / "labels.json").write_text('{"cat/1.png": "a", "2": "b", "dog/1": "c"}')
    source = open_source(tmp_path, labels=tmp_path / "labels.json")
    assert labels_of(source) == {"cat/1": ("a",), "cat/2": ("b",), "dog/1": ("c",)}
    write_photo(tmp_path / "cat" / "1.jpg")
    assert list(labels_of(open_source(tmp_path))) == ["cat/1", "cat/1-2", "cat/2", "dog/1"]


def test_a_label_file_may_use_either_unicode_form(tmp_path):
    write_photo(tmp_path / "photos" / "é.png")
    write_photo(tmp_path / "photos" / "a\u0308.png")
    (tmp_path / "labels.json").write_text('{"e\u0301": "a", "\u00e4.png": "b"}')
    source = open_source(tmp_path / "photos", labels=tmp_path / "labels.json")
    assert labels_of(source) == {"\u00e4": ("b",), "é": ("a",)}


def test_photos_beside_the_class_folders(folder, caplog):
    write_photo(folder / "train" / "stray.png")
    source = open_source(folder / "train")
    assert labels_of(source)["stray"] is None
    assert "1 photos lie beside" in caplog.text
    assert len(source.for_training()) == len(source) - 1
    with pytest.raises(ValueError, match="stray"):
        open_source(folder / "train", strict=True)


def test_a_folder_of_photos_that_show_none_of_the_classes(folder):
    write_photo(folder / "train" / "good" / "6.png")
    assert "good" in open_source(folder / "train").classes
    source = open_source(folder / "train", none="good")
    assert source.classes == {"cat": 1, "dog": 2}
    assert labels_of(source) == {
        "cat/3": ("cat",), "dog/1": ("dog",), "dog/2": ("dog",), "good/6": ()
    }  # fmt: skip
    assert len(source.for_training()) == 4
    split = open_source(folder, split="val", none="good")  # which has no such photo
    assert list(split.classes) == ["cat", "dog", "yak"]
    with pytest.raises(ValueError, match="unknown class folder 'god' .* did you mean 'good'"):
        open_source(folder / "train", none="god")


@pytest.mark.parametrize("name", ["background", "Background"])
def test_a_folder_called_background_is_no_class(folder, name):
    write_photo(folder / "train" / name / "6.png")
    for arguments in ({"path": folder / "train"}, {"path": folder, "split": "val"}):
        with pytest.raises(ValueError, match=f"--none {name}.* rename") as caught:
            open_source(**arguments)
        assert "\n" not in str(caught.value)
        assert list(open_source(**arguments, none=name).classes)[:2] == ["cat", "dog"]


def test_none_needs_class_folders(folder, voc):
    (folder / "tags.csv").write_text("image,labels\ntrain/dog/1.png,dog\nval/cat/3.jpg,cat\n")
    (folder / "data.yaml").write_text("path: tags.csv\nnone: good\n")
    for arguments in (
        {"path": voc, "none": "good"},
        {"path": folder / "tags.csv", "none": "good"},
        {"path": folder / "train", "labels": folder / "tags.csv", "none": "good"},
        {"path": folder / "data.yaml"},
    ):
        with pytest.raises(ValueError, match="--none good names a class folder, but") as caught:
            open_source(**arguments)
        assert "\n" not in str(caught.value)


def test_list_photos(folder, voc):
    source = list_photos(folder / "val" / "dog")
    assert [record.id for record in source.records] == ["1", "2"]
    assert source.classes == {}
    assert [record.id for record in list_photos(voc).records] == list("abcde")
    assert [record.id for record in list_photos(folder / "val" / "yak" / "4.png").records] == ["4"]
    (folder / "list.txt").write_text("val/yak/4.png\n\ntrain/cat/3.jpg\n")
    assert [record.id for record in list_photos(folder / "list.txt").records] == [
        "val/yak/4",
        "train/cat/3",
    ]


def test_a_list_may_leave_its_folder_but_names_a_photo_once(folder):
    (folder / "lists").mkdir()
    path = folder / "lists" / "list.txt"
    path.write_text(f"../val/dog/1.png\n../train/dog/1.png\n{folder / 'train' / 'cat' / '3.jpg'}\n")
    assert [record.id for record in list_photos(path).records] == [
        "val/dog/1",
        "train/dog/1",
        "train/cat/3",
    ]
    path.write_text("../val/dog/1.png\n../val/./dog/../dog/1.png\n")
    with pytest.raises(
        ValueError, match=r"more than once: .*/val/dog/1\.png = .*dog/\.\./dog/1\.png;"
    ):
        list_photos(path)


def test_what_is_no_file_in_a_folder_keeps_no_photo_back(tmp_path, caplog):
    write_photo(tmp_path / "a.png")
    (tmp_path / "loop.png").symlink_to("loop.png")
    (tmp_path / "folder.png").mkdir()
    write_photo(tmp_path / "folder.png" / "b.png")
    assert [record.id for record in list_photos(tmp_path).records] == ["a", "folder.png_/b"]
    assert "1 entries" in caplog.text
    assert "loop.png among them" in caplog.text


def test_list_photos_that_are_not_there(tmp_path):
    (tmp_path / "list.txt").write_text("x.png\n")
    with pytest.raises(FileNotFoundError, match=r"1 photos of .*list\.txt are not there: .*x\.png"):
        list_photos(tmp_path / "list.txt")
    (tmp_path / "empty.txt").touch()
    (tmp_path / "empty").mkdir()
    for name in ("empty.txt", "empty", "none", "none.txt", "none.png"):
        with pytest.raises(FileNotFoundError, match="there is no"):
            list_photos(tmp_path / name)
