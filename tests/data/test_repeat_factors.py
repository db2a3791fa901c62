"""Repeat factors against values computed by hand."""

from dataclasses import replace
from math import sqrt
from pathlib import Path

import pytest

from getam.data import Record, Source, repeat_factors


def source_of(*labels):
    records = tuple(Record(str(i), Path(f"{i}.png"), own) for i, own in enumerate(labels))
    return Source(records, {"cat": 1, "cow": 2, "dog": 3})


def test_by_hand():
    cats, cows, dogs = [("cat",)] * 4, [("cow",)], [("dog", "cat"), ("dog",)]
    source = source_of(*cats, *cows, *dogs, ())
    # cat in 5 of 8 photos, cow in 1, dog in 2: the median is 2 of 8.
    assert repeat_factors(source, 1).tolist() == pytest.approx([1, 1, 1, 1, 2, 1, 1, 1])
    assert repeat_factors(source, 0.5).tolist() == pytest.approx([1, 1, 1, 1, sqrt(2), 1, 1, 1])
    assert repeat_factors(source, 0).tolist() == [1] * 8


def test_the_rarest_class_of_a_photo_counts():
    source = source_of(("cat", "cow"), ("cat",), ("cat",), ("cat", "dog"), ("dog",), ("dog",))
    # cat in 4, cow in 1, dog in 3: the median is 3.
    assert repeat_factors(source, 0.5).tolist() == pytest.approx([sqrt(3), 1, 1, 1, 1, 1])


def test_an_even_number_of_classes():
    source = replace(source_of(*[("cat",)] * 9, ("cow",)), classes={"cat": 1, "cow": 2})
    # cat in 9 of 10, cow in 1: the median lies half way, at 5.
    assert repeat_factors(source, 0.5).tolist() == pytest.approx([1] * 9 + [sqrt(5)])


def test_photos_and_classes_without_a_label_change_nothing():
    source = source_of(("cat",), ("cat",), ("dog",), None, ())
    # cow is in no photo, so the median of cat (2 of 5) and dog (1 of 5) is 1.5.
    assert repeat_factors(source, 0.5).tolist() == pytest.approx([1, 1, sqrt(1.5), 1, 1])
    assert repeat_factors(source_of((), ()), 0.5).tolist() == [1, 1]
    assert repeat_factors(source_of(), 0.5).tolist() == []


def corrected_first(source, count):
    records = [
        replace(record, corrected=Path("mask.png")) if number < count else record
        for number, record in enumerate(source.records)
    ]
    return replace(source, records=tuple(records))


def test_photos_with_corrected_masks_are_drawn_more_often():
    source = source_of(("cow",), ("cat",), *[("cat",)] * 2, *[()] * 6)
    # cat in 3 of 10 photos, cow in 1: the median is 2, so the cow is drawn twice as often.
    factors = repeat_factors(corrected_first(source, 2), 1, corrected=8)
    assert factors.tolist() == pytest.approx([16, 8, *[1] * 8])
    bare = source_of(*[()] * 10)
    assert repeat_factors(corrected_first(bare, 1), 1, corrected=8).tolist() == [8, *[1] * 9]


def test_corrected_photos_are_at_most_twice_as_many_as_the_others():
    bare = source_of(*[()] * 10)
    half = repeat_factors(corrected_first(bare, 5), 0, corrected=8)
    assert half.tolist() == [*[2] * 5, *[1] * 5]
    for count in (8, 10):  # an epoch grows no shorter either
        assert repeat_factors(corrected_first(bare, count), 0, corrected=8).tolist() == [1] * 10
