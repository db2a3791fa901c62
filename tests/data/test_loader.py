"""Batches: shapes, padding, joint transforms, determinism, resuming, errors of workers."""

from dataclasses import replace

import pytest
import torch

from getam.data import (
    PhotoDataset,
    open_source,
    photo_loader,
    plain_error,
    read_photo,
    repeat_factors,
    train_loader,
)


def loader_of(voc, *, seed=3, workers=0, batch_size=2, balance=0.5):
    source = open_source(voc, saliency=voc / "saliency")
    source = replace(source, records=tuple(r for r in source.records if r.labels))
    return train_loader(
        source,
        crop=24,
        batch_size=batch_size,
        seed=seed,
        workers=workers,
        jitter=0.3,
        balance=balance,
    )


def same(left, right):
    return left.ids == right.ids and all(
        torch.equal(getattr(left, name), getattr(right, name))
        for name in ("image", "labels", "known", "saliency", "valid")
    )


def test_training_batch(voc):
    (batch, _) = loader_of(voc)
    assert batch.image.shape == (2, 3, 24, 24)
    assert batch.image.dtype == torch.uint8
    assert batch.labels.shape == (2, 3)
    assert batch.labels.dtype == torch.float32
    assert batch.known.shape == (2, 3)
    assert batch.known.all()
    assert batch.to("meta").known.device.type == "meta"
    assert batch.saliency.shape == batch.valid.shape == (2, 24, 24)
    assert batch.valid.dtype == torch.bool
    assert type(batch.image) is type(batch.valid) is type(batch.saliency) is torch.Tensor
    source = open_source(voc)
    for name, labels, size in zip(batch.ids, batch.labels, batch.sizes, strict=True):
        record = next(record for record in source.records if record.id == name)
        assert labels.tolist() == source.label_vector(record).tolist()
        assert size == read_photo(record.image).size[::-1]


def test_same_for_a_seed_and_any_number_of_workers(voc):
    alone, helped = loader_of(voc), loader_of(voc, workers=2)
    for _ in range(2):
        for left, right in zip(alone, helped, strict=True):
            assert same(left, right)
    assert not same(next(iter(loader_of(voc))), next(iter(loader_of(voc, seed=4))))


def test_epochs_differ(voc):
    loader = loader_of(voc, batch_size=1)
    first = {batch.ids[0]: batch.image for batch in loader}
    second = {batch.ids[0]: batch.image for batch in loader}
    assert first.keys() == second.keys() == set("abce")
    assert not any(torch.equal(first[name], second[name]) for name in first)


@pytest.mark.parametrize("workers", [0, 2])
def test_resumed_in_mid_epoch_sees_the_very_same_batches(voc, workers):
    whole = loader_of(voc, batch_size=1, workers=workers)
    batches, states = [], []
    for _ in range(2):
        for batch in whole:
            batches.append(batch)
            states.append(whole.state_dict())
    for seen in (1, 3, 4, 6):
        resumed = loader_of(voc, batch_size=1, workers=workers)
        resumed.load_state_dict(states[seen - 1])
        rest = list(resumed) + (list(resumed) if seen < 4 else [])
        assert len(rest) == 8 - seen
        assert all(map(same, rest, batches[seen:]))


def test_rare_classes_are_drawn_more_often(voc):
    rows = "".join(f"JPEGImages/{n},{'cat' if n == 'a' else 'dog;cow'}\n" for n in "abcde")
    (voc / "tags.csv").write_text("image,labels\n" + rows)
    options = {"crop": 8, "batch_size": 1, "seed": 0, "workers": 0}
    source = open_source(voc / "tags.csv")
    assert repeat_factors(source, 0.5).tolist() == pytest.approx([2, 1, 1, 1, 1])
    loader = train_loader(source, balance=0.5, **options)
    batches = list(loader)
    assert len(loader) == len(batches) == 6
    first, second = (batch.image for batch in batches if batch.ids == ["a"])
    assert not torch.equal(first, second)
    assert sorted(b.ids[0] for b in train_loader(source, balance=0.0, **options)) == list("abcde")


def test_torchs_own_generator_is_left_alone(voc):
    loader = loader_of(voc)
    before = torch.get_rng_state()
    list(loader)
    assert torch.equal(before, torch.get_rng_state())


def test_place_of_another_run_is_refused(voc):
    state = loader_of(voc).state_dict()
    with pytest.raises(ValueError, match="seed 3, this run 4"):
        loader_of(voc, seed=4).load_state_dict(state)
    with pytest.raises(ValueError, match="has length 4, this run 6"):
        loader_of(voc, batch_size=3).load_state_dict(state)


def test_what_is_unknown_goes_with_the_batch(voc):
    (voc / "tags.csv").write_text("image,cat,dog\nJPEGImages/a,1,\nJPEGImages/e,0,1\n")
    (batch,) = photo_loader(open_source(voc / "tags.csv"), batch_size=2, workers=0)
    assert batch.labels.tolist() == [[1, 0], [0, 1]]
    assert batch.known.tolist() == [[True, False], [True, True]]
    assert batch.known.dtype == torch.bool


def test_prediction_has_no_labels_and_no_saliency(voc):
    source = replace(open_source(voc), classes={})
    batch = next(iter(photo_loader(source, batch_size=2, workers=0)))
    assert batch.labels.shape == (2, 0)
    assert batch.saliency is None
    assert batch.to("cpu").ids == batch.ids
    assert len(PhotoDataset(replace(source, records=()))) == 0


@pytest.mark.parametrize("workers", [0, 1])
def test_bad_photo_is_one_line_even_from_a_worker(voc, workers):
    (voc / "JPEGImages" / "c.png").write_text("no image")
    with pytest.raises(ValueError, match=r"^cannot read the photo .*c\.png: not an image$"):
        list(photo_loader(open_source(voc), workers=workers))
    (voc / "JPEGImages" / "a.png").unlink()
    source = open_source(voc)
    (voc / "JPEGImages" / "b.png").unlink()
    with pytest.raises(FileNotFoundError, match=r"^there is no photo .*b\.png$"):
        list(photo_loader(source, workers=workers))


@pytest.mark.parametrize("workers", [-1, 10**4])
def test_a_number_of_workers_that_makes_no_sense(voc, workers):
    with pytest.raises(ValueError, match=rf"^workers must be in 0\.\.\d+ on .*, got {workers}$"):
        loader_of(voc, workers=workers)


@pytest.mark.parametrize(
    "told",
    [
        "DataLoader worker (pid 7) is killed by signal: Killed. ",
        "DataLoader worker (pid(s) 7) exited unexpectedly",
    ],
)
def test_the_death_of_a_worker_is_one_line_that_says_what_to_do(told):
    plain = plain_error(RuntimeError(told))
    assert str(plain).startswith("a process that reads photos was killed: ")
    assert "--workers" in str(plain)


def test_other_errors_stay_as_they_are():
    error = RuntimeError("no driver")
    assert plain_error(error) is error
