"""A finished run is judged on its held-out photos and on some of those that it was trained on."""

from dataclasses import replace

from getam.inference import judge_photos, read_quality
from getam.training import judge_run as module
from getam.training.judge_run import judge_run, score_run


def test_held_out_photos_are_judged_while_they_are_scored(model, source, tmp_path):
    val = replace(source, records=source.records[3:])
    stages, signs = score_run(model, val, tmp_path, workers=0)
    assert stages.final().images == 2
    expected = [each.signs for each in judge_photos(model, val, workers=0)]
    assert signs == expected
    assert (tmp_path / "samples" / "val.jpg").is_file()


def test_some_training_photos_are_judged_beside(model, source, tmp_path, monkeypatch, caplog):
    caplog.set_level("INFO")
    held_out = [each.signs for each in judge_photos(model, source, workers=0)]
    judge_run(model, source, tmp_path, held_out=held_out, workers=0)
    assert "training photos" not in caplog.text
    kept = read_quality(tmp_path / "quality.json")
    assert [photo.id for photo in kept["trained on"]] == ["a", "b", "c", "d", "e"]
    assert [photo.id for photo in kept["not trained on"]] == ["a", "b", "c", "d", "e"]
    monkeypatch.setattr(module, "JUDGED", 2)
    judge_run(model, source, tmp_path, held_out=[], workers=0)
    kept = read_quality(tmp_path / "quality.json")
    assert [photo.id for photo in kept["trained on"]] == ["b", "d"]
    assert kept["not trained on"] == []
    assert "quality.json holds 2 of 5 training photos" in caplog.text
