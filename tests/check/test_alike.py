"""Nearly equal hashes are grouped as a slow comparison of all pairs groups them."""

from itertools import combinations

import numpy as np

from getam.check.alike import BITS, equal, nearly_equal


def slow(hashes: list[int]) -> list[list[int]]:
    """Join every pair that differs in few bits."""
    group = list(range(len(hashes)))
    for a, b in combinations(range(len(hashes)), 2):
        if (hashes[a] ^ hashes[b]).bit_count() <= BITS:
            group = [group[a] if g == group[b] else g for g in group]
    return equal(group)


def test_groups_are_those_of_all_pairs() -> None:
    rng = np.random.default_rng(0)
    roots = [int(h) for h in rng.integers(0, 2**63, 60)]
    hashes = []
    for root in roots:
        for _ in range(4):  # up to 5 of 64 bits turned, so that some are just too far
            turned = rng.choice(64, rng.integers(0, 6), replace=False)
            hashes.append(root ^ sum(1 << int(bit) for bit in turned))
    found = nearly_equal(hashes)
    assert sorted(found) == sorted(slow(hashes))
    assert 30 < len(found) <= 60


def test_no_photos_and_one_photo_make_no_group() -> None:
    assert nearly_equal([]) == nearly_equal([7]) == equal([]) == []


def test_many_equal_hashes_are_one_group() -> None:
    assert nearly_equal([5] * 5000) == [list(range(5000))]
