"""A run goes on with the photos and tags that it began with, wherever they lie, and no others."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from getam.data import Source, open_source
from getam.training.train_photos import (
    check_same_photos,
    other_photos,
    write_left_out,
    write_train_photos,
)


def test_the_same_photos_and_tags_may_lie_elsewhere(
    source: Source, voc: Path, tmp_path: Path
) -> None:
    write_train_photos(tmp_path, source)
    moved = open_source(shutil.copytree(voc, tmp_path / "moved"))
    assert moved.records[0].image != source.records[0].image
    backwards = (replace(r, labels=(r.labels or ())[::-1]) for r in moved.records)
    assert other_photos(tmp_path, replace(moved, records=tuple(backwards))) == []


def test_photos_that_were_added_removed_or_tagged_anew_are_counted(
    source: Source, tmp_path: Path
) -> None:
    write_train_photos(tmp_path, source)
    removed, tagged, maybe, *rest = source.records
    records = (
        replace(tagged, labels=()),
        replace(maybe, unknown=("cat",)),
        replace(removed, id="\udcff.new"),
        *rest,
    )
    changed = replace(source, records=records)
    assert other_photos(tmp_path, changed) == ["a", "b", "c", "\udcff.new"]
    with pytest.raises(ValueError, match="data: 4 photos or their tags, a among them, differ .*: "):
        check_same_photos(tmp_path, changed)
    write_train_photos(tmp_path, changed)
    check_same_photos(tmp_path, changed)


def test_a_run_that_recorded_no_photos_has_none(source: Source, tmp_path: Path) -> None:
    assert other_photos(tmp_path, source) == []


def test_a_photo_that_was_mended_is_told_from_one_that_is_new(source, tmp_path):
    bad = source.records[0]
    others = replace(source, records=source.records[1:], left_out={bad.image: "not an image"})
    write_train_photos(tmp_path, others)
    write_left_out(tmp_path, [others])
    check_same_photos(tmp_path, others)
    with pytest.raises(ValueError, match=f"1 photos, {bad.id} among them, could not be read when"):
        check_same_photos(tmp_path, source)
