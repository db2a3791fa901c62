"""The worst photos come first."""

from dataclasses import replace

from getam.correction import qualities_for, worst_first
from getam.inference import QUALITY, judge_photos, write_quality


def test_the_worst_come_first_and_unknown_ones_last(source):
    a, b, c, d, e = source.records
    ordered = worst_first(source.records, {a.id: 0.9, c.id: 0.1, e.id: 0.5})
    assert ordered == [c, e, a, b, d]


def test_photos_of_the_run_are_read_and_others_are_judged(model, source, tmp_path):
    signs = [judged.signs for judged in judge_photos(model, source, workers=0)]
    qualities = {each.id: each.quality for each in signs}
    kept = replace(signs[0], background=0.25, tagged={})
    write_quality(tmp_path / QUALITY, {"trained on": [kept, signs[3]]})  # one is not reviewed
    records = (*source.records[:2], replace(source.records[2], labels=None))
    found = qualities_for(replace(source, records=records), tmp_path, model, workers=0)
    second = source.records[1].id
    assert found == {kept.id: 0.25, second: qualities[second]}
