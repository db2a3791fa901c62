"""Masks and counts that several tests look at."""

import torch

from getam.evaluation import Scores


def random_masks(seed, size=4, shape=(9, 13)):
    generator = torch.Generator().manual_seed(seed)
    values = torch.tensor([*range(size), 255])
    truth, prediction = (
        values[torch.randint(size + 1, shape, generator=generator)] for _ in range(2)
    )
    return truth, prediction


COUNTS = torch.tensor([[6, 2, 0], [0, 4, 0], [0, 0, 0]])
NAMES = ["background", "dog", "cat"]


def dog_scores(**changes):
    return Scores.from_counts(COUNTS, NAMES, **{"ignored": 4, "images": 2, **changes})
