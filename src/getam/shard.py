"""A shard is one of several equal parts of a list of photos, which one process works on."""

import re
from collections.abc import Collection
from dataclasses import dataclass


@dataclass(frozen=True)
class Shard:
    """A shard is the part ``number`` of ``count``, counted from 1.

    Parameters
    ----------
    number
        The number of the shard, 1 to ``count``.
    count
        The number of shards that the list is cut into. With 1, the shard is the whole list.

    Raises
    ------
    ValueError
        If the number does not lie in 1..count.
    """

    number: int = 1
    count: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.number <= self.count:
            raise ValueError(
                f"shard must be like 3/64, from 1/64 to 64/64, got {self.number}/{self.count}"
            )

    @classmethod
    def parse(cls, text: str | None) -> "Shard":
        """Read ``3/64``. None is the whole list.

        Raises
        ------
        ValueError
            If the text is no shard.
        """
        if text is None:
            return cls()
        found = re.fullmatch(r"([0-9]{1,9})/([0-9]{1,9})", text)
        if found is None:
            raise ValueError(f"shard must be like 3/64, from 1/64 to 64/64, got {text!r}")
        return cls(int(found[1]), int(found[2]))

    def __str__(self) -> str:
        """Write the shard as `parse` reads it."""
        return f"{self.number}/{self.count}"

    def part(self, ids: Collection[str]) -> frozenset[str]:
        """Return the ids that belong to this shard.

        Every id belongs to exactly one of the shards, and their sizes differ by one at most. The
        order in which the ids are given does not matter, so machines that list a folder in
        different orders agree. Neighbours in the alphabet go to different shards, so a folder of
        large photos does not become the work of one shard alone.

        Examples
        --------
        >>> [sorted(Shard(n, 2).part(["c", "a", "b"])) for n in (1, 2)]
        [['a', 'c'], ['b']]
        """
        return frozenset(sorted(ids)[self.number - 1 :: self.count])


WHOLE = Shard()
"""The whole list."""
