"""Thresholds are chosen on the photos with masks alone, and never on those of the report."""

import logging
from dataclasses import replace

import pytest

from getam.inference import choose_thresholds, score_stages, thresholds, without_scored


def test_the_curves_are_those_of_the_stages(model, source):
    chosen = choose_thresholds(model, source, workers=0)
    stages = score_stages(model, source, workers=0).stages
    assert chosen.raw.curve == stages["raw map"].curve
    assert chosen.refined.curve == stages["refined map"].curve
    assert chosen.refined.threshold == stages["refined map"].threshold
    assert chosen.pair.low <= chosen.pair.high
    assert chosen.pair.scores.ignored_share <= 0.15
    lines = chosen.table().splitlines()
    assert len(lines) == 1 + 19 + 2
    assert f"best threshold of refined maps: {chosen.refined.threshold:.2f}" in lines[-2]
    assert chosen.to_dict()["pair"]["high"] == chosen.pair.high


def test_photos_without_a_mask_or_tags_are_not_looked_at(model, source):
    first, second, *rest = source.records
    some = (replace(first, mask=None), replace(second, labels=None), *rest)
    chosen = choose_thresholds(model, replace(source, records=some), workers=0)
    expected = choose_thresholds(model, replace(source, records=tuple(rest)), workers=0)
    assert chosen.to_dict() == expected.to_dict()
    with pytest.raises(ValueError, match="no photo with tags and a mask: name masks, --truth"):
        choose_thresholds(model, replace(source, records=some[:2]), workers=0)


def test_photos_that_the_run_is_scored_on_are_left_out(source, caplog, monkeypatch):
    caplog.set_level(logging.INFO)
    assert without_scored(source, []) is source
    scored = [record.image for record in source.records[:2]]
    with pytest.raises(
        ValueError, match=r"2 of these \d photos \(.*give masks of at least 5 others"
    ):
        without_scored(replace(source, records=source.records[:3]), scored)
    assert not caplog.messages
    monkeypatch.setattr(thresholds, "FEWEST", 1)
    left = without_scored(source, scored)
    assert left.records == source.records[2:]
    assert caplog.messages == [f"2 of {len(source)} photos are left out: the run is scored on them"]
