"""The worst photos are shown, and some of the rest."""

from dataclasses import replace

from getam.run_report.choice import chosen, shares


def test_two_thirds_are_the_worst_and_the_rest_is_spread(source):
    qualities = {"e": 0.1, "c": 0.2, "a": 0.3, "b": 0.4}  # nothing is known about d
    assert [r.id for r in chosen(source, qualities, 3).records] == ["b", "c", "e"]
    assert [r.id for r in chosen(source, qualities, 1).records] == ["e"]
    assert chosen(source, qualities, 5) == source
    assert chosen(source, qualities, 0).records == ()


def test_without_any_quality_photos_are_taken_in_their_order(source):
    many = replace(source, records=tuple(replace(source.records[0], id=str(i)) for i in range(9)))
    assert [record.id for record in chosen(many, {}, 6).records] == ["0", "1", "2", "3", "5", "7"]


def test_places_that_a_small_part_does_not_need_go_to_the_others():
    assert shares({"a": 3, "b": 100, "c": 10}, 30) == {"a": 3, "b": 17, "c": 10}
    assert shares({"a": 50, "b": 50}, 31) == {"a": 15, "b": 16}
    assert shares({"a": 2, "b": 1}, 31) == {"a": 2, "b": 1}
    assert shares({}, 31) == {}
