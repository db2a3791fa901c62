"""Costs of methods: what is measured, and how several measurements become one."""

from dataclasses import replace

import pytest

from getam.activation import Setting
from getam.data import Source
from getam.evaluation import Cost
from getam.explain.map_maker import MapMaker
from getam.explain.method_costs import method_costs, one_after_another, typical
from getam.model import Model

SETTINGS = [Setting("getam", 3), Setting("attention", 0)]


def test_every_setting_is_measured_unrefined_and_refined(model: Model, source: Source) -> None:
    costs = method_costs(MapMaker(model), source, SETTINGS)
    assert costs.keys() == {(setting, refined) for setting in SETTINGS for refined in (False, True)}
    for setting in SETTINGS:
        made, refined = costs[setting, False], costs[setting, True]
        assert 0 < made.seconds < refined.seconds
        assert 0 < made.mebibytes <= refined.mebibytes


def test_nothing_can_be_measured_without_a_label(model: Model, source: Source) -> None:
    bare = replace(source, records=source.records[3:4])
    with pytest.raises(ValueError, match="has a label to make a map of"):
        method_costs(MapMaker(model), bare, SETTINGS)


def test_of_two_steps_the_memory_of_the_greedier_counts() -> None:
    assert one_after_another(Cost(1.5, 10.0), Cost(0.25, 30.0)) == Cost(1.75, 30.0)
    assert one_after_another(Cost(1.5, 30.0), Cost(0.25, 10.0)) == Cost(1.75, 30.0)


def test_one_slow_photo_does_not_count() -> None:
    assert typical([Cost(1.0, 5.0), Cost(90.0, 7.0), Cost(2.0, 6.0)]) == Cost(2.0, 7.0)
