"""Photos of the validation part are not trained on."""

import pytest

from getam.data import open_source, without_overlap

from .scenes import write_photo


def ids(source):
    return [record.id for record in source.records]


def test_photos_of_both_parts_are_left_out_of_training(voc, caplog):
    train, val = open_source(voc), open_source(voc, split="val")
    assert ids(without_overlap(train, val)) == ["a", "b", "c", "d"]
    assert caplog.messages == ["1 photos stand in both parts; they are left out of training"]


def test_parts_that_share_nothing_stay_as_they_are(voc, caplog):
    train, val = (open_source(voc, split=split) for split in ("train", "val"))
    assert without_overlap(train, val) == train
    assert not caplog.messages


def test_a_photo_is_known_through_links_and_other_spellings(tmp_path):
    for name in "12":
        write_photo(tmp_path / "photos" / f"{name}.png")
    (tmp_path / "linked").symlink_to(tmp_path / "photos")
    (tmp_path / "train.csv").write_text("image,labels\nphotos/1.png,cat\nphotos/2.png,cat\n")
    (tmp_path / "val.csv").write_text("image,labels\nlinked/../linked/1.png,cat\n")
    train, val = (open_source(tmp_path / f"{part}.csv") for part in ("train", "val"))
    assert ids(without_overlap(train, val)) == ["2"]
    with pytest.raises(ValueError, match="every photo of .* choose another split"):
        without_overlap(train, train)
