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


def test_photos_with_corrected_masks_are_drawn_more_often():
    source = source_of(("cat",), ("cat",), ("cow",), ())
    first, second, third, last = source.records
    records = (first, replace(second, corrected=Path("1.png")), replace(third, corrected=Path("2")))
    source = replace(source, records=(*records, last))
    # cat in 2 of 4 photos, cow in 1: the median is 1.5, so the cow is drawn 1.5 times as often.
    assert repeat_factors(source, 1, corrected=8).tolist() == pytest.approx([1, 8, 12, 1])
    none = replace(source, records=(last, replace(last, id="4", corrected=Path("4.png"))))
    assert repeat_factors(none, 1, corrected=8).tolist() == [1, 8]
