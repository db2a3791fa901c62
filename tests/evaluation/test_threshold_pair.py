"""The best pair of thresholds against every pair by a loop."""

import pytest
import torch

from getam.evaluation import ConfusionMatrix, SeedCurve, best_pair

from .test_seed_curve import CASES, NAMES, random_case

THRESHOLDS = [0.2, 0.5, 0.6, 0.8]


def mask_by_loop(maps, classes, low, high):
    mask = torch.zeros(6, 7, dtype=torch.int64)
    for y in range(6):
        for x in range(7):
            values = {float(m[y, x]): c + 1 for m, c in zip(maps, classes, strict=True)}
            strongest = max(values, default=0.0)
            undecided = low < strongest <= high
            mask[y, x] = 255 if undecided else values[strongest] if strongest > high else 0
    return mask


@pytest.mark.parametrize("most_undecided", [0.0, 0.15, 0.6])
def test_the_best_pair_is_that_of_a_loop_over_all_pairs(most_undecided):
    curve = SeedCurve(NAMES, thresholds=THRESHOLDS)
    cases = [(*random_case(seed, classes), classes) for seed, classes in enumerate(CASES)]
    for maps, truth, classes in cases:
        curve.update(maps, classes, truth)
    found = {}
    for index, low in enumerate(THRESHOLDS):
        for high in THRESHOLDS[index:]:
            slow = ConfusionMatrix(4)
            for maps, truth, classes in cases:
                slow.update(truth, mask_by_loop(maps, classes, low, high))
            found[low, high] = slow.scores(NAMES)
    allowed = {pair: s for pair, s in found.items() if s.ignored_share <= most_undecided}
    expected = max(allowed, key=lambda pair: allowed[pair].miou)
    pair = best_pair(curve, most_undecided=most_undecided)
    assert (pair.low, pair.high) == expected
    assert pair.scores == found[expected]
    assert pair.to_dict()["low"] == expected[0]


def test_nothing_counted_is_an_error():
    with pytest.raises(ValueError, match="no pixel was counted"):
        best_pair(SeedCurve(NAMES))
