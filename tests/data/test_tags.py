"""What is known about the classes of photos, and the classes that some photo shows."""

from getam.data.tags import NOTHING_KNOWN, Tags, named_classes


def test_the_classes_that_some_photo_shows_are_sorted() -> None:
    table = {"1": Tags(("dog", "cat")), "2": Tags(("dog",)), "3": Tags(()), "4": NOTHING_KNOWN}
    assert named_classes(table) == ["cat", "dog"]
    assert named_classes({}) == []


def test_a_class_that_may_be_in_a_photo_is_not_shown() -> None:
    assert named_classes({"1": Tags(("cat",), unknown=("cow",))}) == ["cat"]
    assert NOTHING_KNOWN.labels is None
