"""A mark changes with what it stands for, and with nothing else."""

from getam.training.mark import mark_of


def test_the_order_of_names_does_not_count() -> None:
    assert mark_of({"a": 1, "b": [2]}) == mark_of({"b": [2], "a": 1})
    assert mark_of({"a": 1}) != mark_of({"a": 2})
    assert len(mark_of({})) == 64
