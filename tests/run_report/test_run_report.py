"""The page of a run: whole or not at all, never over an input."""

import json
from dataclasses import replace

import pytest
from report.test_run_page import parsed

from getam.inference import judge_photos, write_quality
from getam.run_report import report_run
from getam.run_report.recorded_run import read_run
from getam.run_report.run_report import tiles


def test_the_worst_photos_are_shown_and_suspects_of_all_are_listed(model, source, tmp_path):
    signs = [each.signs for each in judge_photos(model, source, workers=0)]
    write_quality(tmp_path / "quality.json", {"trained on": signs})
    options = {"model": model, "workers": 0, "most_photos": 3}
    out = report_run(tmp_path, {"trained on": source}, **options)
    assert out == tmp_path / "report.html"
    page = parsed(out)
    worst = {s.id for s in sorted(signs, key=lambda s: s.quality)[:2]}
    text = out.read_text()
    shown = {name for name in "abcde" if f'data-name="{name}"' in text}
    assert worst < shown
    assert len(shown) == 3
    assert {"Class by class", "What to look at first"} <= set(page.text)
    assert {s.id for s in signs if s.doubt.kind} <= set(page.text)


@pytest.mark.parametrize(
    ("mean", "expected"), [(0.74, "74 %"), (None, "too few photos were held out")]
)
def test_a_tile_says_if_there_were_too_few_photos(mean, expected, tmp_path):
    (tmp_path / "scores.json").write_text(json.dumps({"tags": {"mean_ap": mean}}))
    assert expected in tiles(read_run(tmp_path), {}).values()


def test_photos_about_which_nothing_is_known_are_left_out(model, source, tmp_path):
    records = (replace(source.records[0], labels=None), *source.records[1:3])
    out = tmp_path / "new" / "page.html"
    report_run(tmp_path, {"x": replace(source, records=records)}, model=model, out=out, workers=0)
    text = out.read_text()
    assert [f'data-name="{name}"' in text for name in "abc"] == [False, True, True]


def test_an_input_is_never_replaced(model, source, tmp_path):
    photo = source.records[0].image
    before = photo.read_bytes()
    with pytest.raises(ValueError, match="would meet the input"):
        report_run(tmp_path, {"x": source}, model=model, out=photo, workers=0)
    assert photo.read_bytes() == before


def test_a_photo_that_cannot_be_read_leaves_the_old_page(model, source, tmp_path):
    (tmp_path / "report.html").write_text("<!DOCTYPE html>old")
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no photo")
    record = replace(source.records[0], image=broken, mask=None, saliency=None)
    with pytest.raises(ValueError, match=r"broken\.png"):
        parts = {"x": replace(source, records=(record,))}
        report_run(tmp_path, parts, model=model, workers=0)
    assert (tmp_path / "report.html").read_text() == "<!DOCTYPE html>old"
