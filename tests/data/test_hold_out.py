"""Held-out photos: how many, of every class, the same ones whatever the order."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from getam.data import Record, Source, hold_out

CLASSES = {"common": 1, "rare": 2, "once": 3, "twice": 4}


def source_of(count):
    rng = np.random.default_rng(0)
    labels = [("common",) if rng.random() < 0.7 else () for _ in range(count)]
    labels[3], labels[5] = ("rare", "common"), ("rare",)
    labels[7] = ("rare",)
    labels[11] = ("once", "common")
    labels[13] = labels[17] = ("twice",)
    records = tuple(Record(f"{i:03d}", Path(f"{i}.png"), own) for i, own in enumerate(labels))
    return Source(records, CLASSES)


def shown(source):
    return Counter(name for record in source.records for name in record.labels or ("none",))


@pytest.mark.parametrize("seed", range(20))
def test_every_class_in_both_parts_where_it_can_be(seed):
    source = source_of(150)
    train, held_out = hold_out(source, seed=seed)
    assert len(held_out) == 15
    assert sorted(train.records + held_out.records, key=lambda r: r.id) == list(source.records)
    assert set(shown(train)) == {*CLASSES, "none"}
    assert set(shown(held_out)) == {"common", "rare", "twice", "none"}
    assert shown(train)["once"] == shown(train)["twice"] == 1


def test_the_same_photos_whatever_the_order_of_the_records():
    source = source_of(150)
    _, held_out = hold_out(source)
    _, turned = hold_out(replace(source, records=source.records[::-1]))
    assert turned.records == held_out.records[::-1]
    assert hold_out(source, seed=1)[1].records != held_out.records


def with_masks(source, ids):
    records = (
        replace(record, mask=Path("mask.png")) if record.id in ids else record
        for record in source.records
    )
    return replace(source, records=tuple(records))


@pytest.mark.parametrize("seed", range(20))
def test_photos_with_a_true_mask_are_held_out_first(seed):
    source = source_of(150)
    ids = [f"{number:03d}" for number in range(40, 48)]
    train, held_out = hold_out(with_masks(source, ids), seed=seed)
    assert len(held_out) == 15
    assert set(shown(held_out)) == {"common", "rare", "twice", "none"}
    assert not train.has_truth
    many = [record.id for record in source.records[30:]]
    _, held_out = hold_out(with_masks(source, many), seed=seed)
    assert sum(record.mask is not None for record in held_out.records) == 15
    everyone = with_masks(source, [record.id for record in source.records])
    ids = [record.id for record in hold_out(everyone, seed=seed)[1].records]
    assert ids == [record.id for record in hold_out(source, seed=seed)[1].records]


def test_masks_of_one_class_are_held_out_beside_the_photos_of_all_others():
    labels = [(f"class {number % 15}",) for number in range(120)]
    records = tuple(Record(f"{i:03d}", Path(f"{i}.png"), own) for i, own in enumerate(labels))
    source = Source(records, {f"class {number}": number + 1 for number in range(15)})
    masked = [record.id for record in records if record.labels == ("class 3",)][:7]
    train, held_out = hold_out(with_masks(source, masked))
    assert not train.has_truth
    assert len(held_out) == 7 + 14


def test_more_classes_than_the_share_would_hold():
    source = source_of(150)
    assert len(hold_out(source, share=0.01)[1]) == 4


@pytest.mark.parametrize("seed", range(3))
def test_a_photo_of_the_rarest_class_serves_its_other_classes_too(seed):
    labels = [("common", "rare")] * 2 + [("common",)] * 98
    records = tuple(Record(f"{i:02d}", Path(f"{i}.png"), own) for i, own in enumerate(labels))
    _, held_out = hold_out(Source(records, CLASSES), share=0.01, seed=seed)
    assert [record.labels for record in held_out.records] == [("common", "rare")]


def test_nothing_is_held_out_of_few_photos():
    source = source_of(99)
    assert hold_out(source) == (source, replace(source, records=()))
    assert len(hold_out(source_of(100))[1]) == 10
    assert not hold_out(source_of(150), share=0)[1]
    with pytest.raises(ValueError, match="share must be"):
        hold_out(source, share=1.0)


def test_photos_of_which_nothing_is_known_are_not_held_out():
    source = source_of(150)
    bare = tuple(Record(f"x{i}", Path(f"x{i}.png")) for i in range(50))
    train, held_out = hold_out(replace(source, records=source.records + bare))
    assert held_out.records == hold_out(source)[1].records
    assert set(bare) <= set(train.records)


@pytest.mark.parametrize("seed", range(5))
def test_each_class_has_its_share(seed):
    records = [
        Record(f"{n}", Path(f"{n}.jpg"), ("crack",) if n % 3 == 0 else ()) for n in range(120)
    ]
    _, held_out = hold_out(Source(tuple(records), {"crack": 1}), seed=seed)
    assert len(held_out) == 12
    assert sum("crack" in record.labels for record in held_out.records) == 4
