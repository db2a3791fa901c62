"""Some of many items stand at even distances."""

from getam.data import evenly


def test_even_distances() -> None:
    assert evenly(list(range(100)), 4) == [12, 37, 62, 87]
    assert evenly("abcdefg", 3) == ["b", "d", "f"]


def test_no_more_than_there_are() -> None:
    assert evenly("ab", 3) == ["a", "b"]
    assert evenly((), 3) == []
