"""One line for what is wrong: the nearest known name, a few of many."""

from getam.data.notice import LONGEST, first_few, shortened, unknown


def test_the_nearest_name_is_given_if_there_is_one() -> None:
    error = unknown("split", ["trian", "x"], ["train", "val"], "photos")
    assert str(error) == (
        "unknown split 'trian', 'x' in photos; there are train, val; did you mean 'train'?"
    )
    assert str(unknown("split", ["x"], [], "photos")) == (
        "unknown split 'x' in photos; there are none"
    )


def test_a_few_of_many() -> None:
    assert first_few(["a", "b", "c"]) == "a, b, c"
    assert first_few(["a", "b", "c"], 2) == "a, b, ..."


def test_a_long_name_keeps_its_beginning_and_its_end() -> None:
    assert shortened("a" * LONGEST) == "a" * LONGEST
    name = "a" * LONGEST + ".png"
    assert len(shortened(name)) < LONGEST
    assert shortened(name).endswith("a.png")
    assert first_few([name]) == shortened(name)
