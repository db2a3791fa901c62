"""A vote inside every mask, against the obvious loop over pixels."""

from collections import Counter

import numpy as np

from getam.pseudo_label import snap


def slow(label, masks):
    """Return the label of the smallest mask with a majority around every pixel."""
    snapped = label.copy()
    winners = []
    for mask in masks:
        votes = Counter(label[mask].tolist())
        votes.pop(255, None)
        best = [value for value, count in votes.items() if count > mask.sum() / 2]
        winners.append(best[0] if best else None)
    for place in np.ndindex(*label.shape):
        around = [m for m in range(len(masks)) if masks[m][place] and winners[m] is not None]
        if around:
            snapped[place] = winners[min(around, key=lambda m: (masks[m].sum(), -m))]
    return snapped


def test_the_smallest_mask_with_a_majority_decides():
    rng = np.random.default_rng(0)
    for _ in range(20):
        label = rng.choice(np.array([0, 1, 7, 255], np.uint8), (6, 7), p=[0.3, 0.4, 0.1, 0.2])
        masks = rng.random((5, 6, 7)) < rng.random((5, 1, 1))
        masks[0] = True
        before = label.copy()
        assert (snap(label, masks) == slow(label, masks)).all()
        assert (label == before).all()


def test_no_mask_and_an_empty_one_change_nothing():
    label = np.array([[0, 1], [255, 1]], np.uint8)
    for count in (0, 1):
        assert (snap(label, np.zeros((count, 2, 2), bool)) == label).all()
