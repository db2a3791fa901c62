"""Shards are parts of a list, read from what a person types."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from getam.shard import WHOLE, Shard


@given(st.sets(st.text(max_size=3), max_size=40), st.integers(1, 12), st.randoms())
def test_shards_partition_a_list_whatever_its_order(ids, count, random) -> None:
    parts = []
    for number in range(1, count + 1):  # every machine lists the photos in an order of its own
        listed = list(ids)
        random.shuffle(listed)
        parts.append(Shard(number, count).part(listed))
    assert set().union(*parts) == ids
    assert sum(map(len, parts)) == len(ids)
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


def test_a_shard_is_read_as_it_is_written() -> None:
    assert Shard.parse("3/64") == Shard(3, 64)
    assert str(Shard(3, 64)) == "3/64"
    assert Shard.parse(None) == Shard.parse("1/1") == WHOLE
    assert WHOLE.part(["b", "a"]) == {"a", "b"}


@pytest.mark.parametrize(
    "text", ["0/4", "5/4", "1/0", "3", "-1/4", "1.5/4", "a/b", " 1/4", "1/4/2"]
)
def test_anything_else_is_refused_in_one_line(text) -> None:
    with pytest.raises(ValueError, match=f"shard must be like 3/64.*{re.escape(text)}"):
        Shard.parse(text)
