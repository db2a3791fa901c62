"""What the tags alone say against a run."""

from pathlib import Path

import pytest

from getam.check.tags import (
    always_together,
    everywhere,
    few_photos,
    never_alone,
    photos_of,
    several_names,
    spelled_alike,
    tag_findings,
)
from getam.data import Record, Source, open_source


def source_of(*labels: str | None, classes: str = "", unknown: tuple[str, ...] = ()) -> Source:
    """A source whose photos are not there; "cat dog" are the labels of one."""
    records = tuple(
        Record(str(n), Path(f"{n}.jpg"), None if names is None else tuple(names.split()), unknown)
        for n, names in enumerate(labels)
    )
    shown = sorted({name for r in records for name in r.labels or ()})
    names = classes.split() or shown
    return Source(records, {name: n for n, name in enumerate(names, start=1)}, name="photos")


def test_sound_tags_need_no_word() -> None:
    assert tag_findings(source_of(*["cat"] * 10, *["dog"] * 10, *["cat dog"] * 5)) == []


def test_few_photos_are_counted_class_by_class() -> None:
    photos = [*["cat"] * 9, *["dog"] * 10, *["ewe"] * 10, "yak dog", "", None]
    source = source_of(*photos, classes="yak cat dog ewe gnu")
    (found,) = few_photos(source)
    assert found.names == ("yak 1", "cat 9")  # gnu is in none, which is another fault
    assert photos_of(source)["dog"] == 11


def test_classes_that_always_occur_together() -> None:
    source = source_of(*["boat water"] * 20, *["water"] * 9, "tree", *["chair sofa"] * 2)
    (found,) = always_together(source)
    assert found.names == ("boat with water (20 of 20 photos)",)  # two photos say nothing
    (found,) = always_together(source_of(*["chair sofa"] * 3, "tree"))
    assert [str(name).split(" (")[1] for name in found.names] == ["3 of 3 photos)"] * 2
    nine_in_ten = source_of(*["boat water"] * 18, *["boat"] * 2, *["water"] * 9, "tree")
    (found,) = always_together(nine_in_ten)
    assert found.names == ("boat with water (18 of 20 photos)",)
    assert not list(always_together(source_of(*["boat water"] * 17, *["boat"] * 3, *["water"] * 9)))


def test_classes_that_never_occur_alone() -> None:
    riders = ["person horse"] * 4 + ["person bike"] * 4
    (found,) = never_alone(source_of(*riders, *["horse", "bike"] * 5))
    assert found.names == ("person 8",)
    assert not list(never_alone(source_of(*riders, *["horse", "bike", "person"])))
    assert not list(never_alone(source_of(*["boat water"] * 8, *["water", "tree"])))  # told already
    assert not list(never_alone(source_of("cat dog", "cat cow", "dog", "cow")))  # two say nothing
    assert not list(never_alone(source_of(*["boat water", "tree water"] * 5)))  # as all have water
    assert not list(never_alone(source_of("defect", "defect", "defect")))


def test_a_class_in_every_photo_is_told_once() -> None:
    source = source_of(*["boat water"] * 5, *["tree water"] * 5, None)
    (found,) = everywhere(source)
    assert found.names == ("water",)
    assert not list(always_together(source))


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (source_of("defect", "defect"), True),
        (source_of("defect", ""), False),
        (source_of("defect", "scratch"), False),
        (source_of("defect", "", unknown=("defect",)), True),  # unknown is not without
    ],
)
def test_a_classifier_needs_something_to_tell_a_class_from(source: Source, said: bool) -> None:
    assert bool(list(everywhere(source))) == said


def test_names_that_differ_in_spelling_alone() -> None:
    names = ("Cat", "cat", "potted plant", "pottedplant", "potted_Plant", "dog", "dogs", "STRASSE")
    classes = {name: n for n, name in enumerate((*names, "straße"), start=1)}
    (found,) = spelled_alike(Source((), classes))
    assert found.names == (
        ("Cat", "cat"),
        ("potted plant", "pottedplant", "potted_Plant"),
        ("STRASSE", "straße"),
    )


@pytest.mark.parametrize(
    ("names", "joined"),
    [
        (["cat", "cat,dog"], ["cat,dog"]),
        (["dog", "cat| dog", "cow/ yak"], ["cat| dog"]),
        (["cat,dog", "cow , cat"], ["cat,dog", "cow , cat"]),
        (["sea, lake", "car/truck", "cat", "s"], []),
        (["cat;dog", "dog"], ["cat;dog"]),
        ([",", "|,"], []),
    ],
)
def test_tags_that_were_not_separated(names: list[str], joined: list[str]) -> None:
    source = Source((), {name: n for n, name in enumerate(names, start=1)})
    assert [name for finding in several_names(source) for name in finding.names] == joined


def test_the_known_companions_of_real_photos(shared_data: Path) -> None:
    animals = open_source(shared_data / "voc2012_animals", split="train_aug")
    companions = [f for f in tag_findings(animals) if f.topic == "classes together"]
    shown = photos_of(animals)
    tagged = [set(record.labels or ()) for record in animals.records]
    for name in (name for finding in companions for name in finding.names):
        one, _, other = str(name).split(" (")[0].partition(" with ")
        both = sum({one, other} <= tags for tags in tagged)
        assert both >= 0.9 * shown[one] > 0
