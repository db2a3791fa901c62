"""Every photo in every epoch, batches of one size, the same order however it is reached."""

from collections import Counter

import numpy as np
import pytest

from getam.data import ShuffledBatches


def of_epoch(sampler):
    """Return the batches of an epoch and step over it."""
    batches = list(sampler)
    for _ in batches:
        sampler.advance()
    return batches


def photos_in(batches):
    return [draw.photo for batch in batches for draw in batch]


@pytest.mark.parametrize(
    ("photos", "size", "batches"), [(10, 3, 4), (9, 3, 3), (3, 4, 1), (1, 1, 1)]
)
def test_every_photo_in_every_epoch_and_batches_of_one_size(photos, size, batches):
    sampler = ShuffledBatches(np.ones(photos), batch_size=size, seed=0)
    orders = [of_epoch(sampler) for _ in range(3)]
    assert (sampler.epoch, sampler.position) == (3, 0)
    assert len(sampler) == batches
    for order in orders:
        assert [len(batch) for batch in order] == [size] * batches
        counts = Counter(photos_in(order))
        assert set(counts) == set(range(photos))
        assert max(counts.values()) - min(counts.values()) <= 1
    assert photos == 1 or photos_in(orders[0]) != photos_in(orders[1])


def test_the_draws_of_a_photo_in_an_epoch_differ():
    sampler = ShuffledBatches(np.full(5, 2.5), batch_size=4, seed=1)
    draws = [draw for batch in sampler for draw in batch]
    assert len(set(draws)) == len(draws)
    for photo in range(5):
        turns = [draw.turn for draw in draws if draw.photo == photo]
        assert turns == list(range(len(turns)))


def test_repeats_hold_on_average_and_every_epoch_has_one_length():
    repeats = np.array([1.0, 1.5, 3.25, 1.0, 2.0])
    sampler = ShuffledBatches(repeats, batch_size=1, seed=0)
    epochs = [photos_in(of_epoch(sampler)) for _ in range(2000)]
    assert {len(photos) for photos in epochs} == {round(repeats.sum())}
    drawn = [Counter(photos) for photos in epochs]
    assert all(set(counts) == set(range(5)) for counts in drawn)
    assert {counts[2] for counts in drawn} <= {2, 3, 4}
    mean = np.array([np.mean([counts[photo] for counts in drawn]) for photo in range(5)])
    # Filling and cutting to the constant length moves them a little.
    assert mean == pytest.approx(repeats, abs=0.15)


def test_without_a_fraction_repeats_are_exact():
    sampler = ShuffledBatches(np.array([1.0, 2.0, 3.0]), batch_size=2, seed=0)
    for _ in range(5):
        assert Counter(photos_in(of_epoch(sampler))) == {0: 1, 1: 2, 2: 3}


@pytest.mark.parametrize("seen", range(1, 10))
def test_resumed_at_any_batch(seen):
    repeats = np.array([1.0, 1.4, 2.7, 1.0, 1.0, 1.0, 1.0])

    def fresh():
        return ShuffledBatches(repeats, batch_size=2, seed=5)

    whole, cut = fresh(), fresh()
    expected = [batch for _ in range(3) for batch in of_epoch(whole)]
    for _ in range(seen):
        cut.advance()
    resumed = fresh()
    resumed.load_state_dict(cut.state_dict())
    rest = []
    while len(rest) < len(expected) - seen:
        rest += of_epoch(resumed)
    assert rest[: len(expected) - seen] == expected[seen:]


def test_processes_share_every_batch():
    repeats = np.linspace(1, 2, 13)
    ranks = [ShuffledBatches(repeats, batch_size=2, seed=0, rank=r, world_size=3) for r in range(3)]
    alone = ShuffledBatches(repeats, batch_size=6, seed=0)
    for parts, whole in zip(zip(*ranks, strict=True), alone, strict=True):
        assert [draw for part in parts for draw in part] == whole


def test_what_does_not_fit_is_refused():
    state = ShuffledBatches(np.ones(4), batch_size=2, seed=3).state_dict()
    with pytest.raises(ValueError, match="has photos 4, this run 3"):
        ShuffledBatches(np.ones(3), batch_size=2, seed=3).load_state_dict(state)
    with pytest.raises(ValueError, match="has length 4, this run 6"):
        ShuffledBatches(np.full(4, 1.5), batch_size=2, seed=3).load_state_dict(state)
    with pytest.raises(ValueError, match="got 0, 1"):
        ShuffledBatches(np.ones(0), batch_size=1, seed=0)
