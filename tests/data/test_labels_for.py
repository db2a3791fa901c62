"""Entries of a label file find their photos, each one once."""

import pytest

from getam.data import Tags
from getam.data.finding import stop, warn
from getam.data.labels_for import check_names, labels_for

CAT, DOG = Tags(("cat",)), Tags(("dog",))


@pytest.fixture
def matched(tmp_path):
    photos = {"1": tmp_path / "x" / "1.png", "a/2": tmp_path / "a" / "2.png"}
    photos["b/2"] = tmp_path / "b" / "2.png"

    def match(table, *, notice=stop, ids=("1",)):
        origin = tmp_path / "labels.csv"
        return labels_for(table, photos, ids, root=tmp_path, origin=origin, notice=notice)

    return match


@pytest.mark.parametrize("key", ["1", "x/1", "./x/1", "x//1", "y/../x/1", "x/../1"])
def test_every_way_to_name_a_photo(matched, key):
    assert matched({key: CAT}) == {"1": CAT}


def test_two_entries_for_one_photo_are_refused(matched):
    for other in ("x/1", "./1"):
        with pytest.raises(ValueError, match=rf"names 1 photos more than once: 1 = {other};"):
            matched({"1": CAT, other: DOG})


def test_a_stem_of_two_photos_names_none_of_them(matched, caplog):
    table = {"a/2": CAT, "b/2": DOG, "2": CAT}
    assert matched(table, notice=warn, ids=("a/2", "b/2")) == {"a/2": CAT, "b/2": DOG}
    assert "1 entries of" in caplog.text
    with pytest.raises(ValueError, match="have no photo in .*: 2;"):
        matched(table)


def test_names_of_classes():
    table = {"1": Tags(("cat", "dog")), "2": Tags(None), "3": Tags((), unknown=("yak",))}
    check_names(table, ["dog", "cat"], "labels.csv")
    with pytest.raises(ValueError, match=r"unknown class 'dog' in labels\.csv"):
        check_names(table, ["cat", "yak"], "labels.csv")
