"""A data.yaml names any source; what the caller gives wins; mistakes are named."""

import pytest

from getam.data import open_source

from .coco_from_masks import write_coco
from .scenes import write_photo


def opened(folder, text, **arguments):
    (folder / "data.yaml").write_text(text)
    return open_source(folder / "data.yaml", **arguments)


def test_arguments_come_from_the_file(voc):
    text = "path: .\nsplit: train\nclasses: [dog, cow]\nsaliency: saliency\nstrict: true\n"
    source = opened(voc, text)
    assert list(source.classes) == ["dog", "cow"]
    assert [record.id for record in source.records] == list("abcd")
    assert source.records[0].saliency == voc / "saliency" / "a.jpg"


def test_names_that_yaml_takes_for_numbers(voc, tmp_path):
    write_coco(tmp_path / "coco", open_source(voc, split="val"), split="2017")
    assert len(opened(tmp_path, "path: coco\nsplit: 2017\n")) == 1
    for name in ("0", "cat"):
        write_photo(tmp_path / "photos" / name / f"{name}.png")
    assert list(opened(tmp_path, "path: photos\nnone: 0\n").classes) == ["cat"]


def test_the_caller_wins(voc):
    source = opened(voc, "path: .\nsplit: train\nclasses: [cow]\n", split="val", classes=["dog"])
    assert [record.id for record in source.records] == ["e"]
    assert list(source.classes) == ["dog"]


def test_images_and_instances(voc, tmp_path):
    for split in ("train", "val"):
        write_coco(tmp_path / "coco", open_source(voc, split=split), split=split)
    text = "images: coco/{split}\ninstances: coco/annotations/instances_{split}.json\n"
    assert len(opened(tmp_path, text, split="train")) == 4
    source = opened(tmp_path, text + "classes: [dog]\n", split="val", saliency=voc / "saliency")
    assert list(source.classes) == ["dog"]
    assert source.records[0].saliency is not None
    with pytest.raises(ValueError, match="split must be given"):
        opened(tmp_path, text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("path: .\nlables: x.csv\n", "unknown key 'lables' .*did you mean 'labels'"),
        ("split: train\n", "either path, or images and instances"),
        ("images: a\n", "either path, or images and instances"),
        ("path: .\nimages: a\ninstances: b\n", "either path, or images and instances"),
        ("images: a\ninstances: b\nlabels: c.csv\n", "carry their own labels"),
        ("path: [", "cannot read"),
        ('path: .\nsplit: "{split}"\n', "{split} belongs into a path"),
        ("just text", "keys and values, got str"),
        ("path: .\nclasses: cat\n", "list of different names, got 'cat'"),
    ],
)
def test_mistakes(voc, text, message):
    with pytest.raises(ValueError, match=message) as caught:
        opened(voc, text)
    assert "\n" not in str(caught.value)


def test_missing_things(voc):
    with pytest.raises(FileNotFoundError, match="no data set"):
        open_source(voc / "none.yaml")
    with pytest.raises(FileNotFoundError, match="no data set"):
        opened(voc, "path: elsewhere\n")
    with pytest.raises(FileNotFoundError, match="no label file"):
        opened(voc, "path: .\nlabels: gone.csv\n")
