"""A comparison that was stopped goes on from its file, to the same scores."""

import json
import os
from dataclasses import replace
from io import BytesIO

import pytest
import torch
from data.scenes import write_voc
from PIL import Image

from getam.data import open_source
from getam.explain import KeptCounts, compare_methods, kept_counts
from getam.explain.kept_counts import mark_of

ASKED = {"methods": ["grad_cam", "attention"], "first_blocks": [3], "faithfulness": True}
COMMAND = {"verb": "compare", "affinity": 0}


@pytest.fixture
def source(tmp_path):
    """Photos with masks that a test may spoil."""
    return open_source(write_voc(tmp_path / "voc"))


@pytest.fixture
def always(monkeypatch):
    """Keep the counts after every photo, however long that takes."""
    monkeypatch.setattr(kept_counts, "SHARE", 0)


def scores(comparison):
    """Everything but the seconds, which differ each time."""
    content = comparison.to_dict()
    for row in (*content["rows"], *content["controls"]):
        del row["cost"]
    return content


def compared(model, source, folder, **changed):
    return compare_methods(
        model, source, **ASKED, workers=0, kept=KeptCounts(folder, COMMAND | changed)
    )


def spoilt(record):
    """Spoil a mask, which keeps the time at which it was written; return what was in it."""
    content, status = record.mask.read_bytes(), record.mask.stat()
    record.mask.write_bytes(b"not a mask")
    os.utime(record.mask, ns=(status.st_atime_ns, status.st_mtime_ns))
    return content


@pytest.mark.usefixtures("always")
def test_a_stopped_comparison_goes_on_to_the_same_scores(model, source, tmp_path):
    whole = compare_methods(model, source, **ASKED, workers=0)
    third = source.records[2]
    mask = spoilt(third)
    with pytest.raises(ValueError, match=third.mask.name):
        compared(model, source, tmp_path)
    third.mask.write_bytes(mask)
    kept = KeptCounts(tmp_path, COMMAND).before
    assert kept.marks == [mark_of(record) for record in source.records[:2]]
    for record in source.records[:2]:  # these are not read again
        spoilt(record)
    again = compared(model, source, tmp_path)
    assert scores(again) == scores(whole)
    assert again.photos == 5
    assert scores(compared(model, source, tmp_path)) == scores(whole)  # all were counted before


@pytest.mark.usefixtures("always")
def test_what_belongs_to_something_else_is_refused(model, source, tmp_path):
    compared(model, source, tmp_path)
    with pytest.raises(FileExistsError, match=r"not the same: affinity"):
        compared(model, source, tmp_path, affinity=2)
    first, *others = source.records
    os.utime(first.mask)
    for records in (
        others,  # a photo is gone
        [replace(others[0], labels=("dog",)), *others[1:]],
        [first, *others],  # a mask was written again
    ):
        with pytest.raises(ValueError, match="are not those that were counted before"):
            compared(model, replace(source, records=tuple(records)), tmp_path)
    assert KeptCounts(tmp_path, COMMAND | {"affinity": 2}, anew=True).before is None


def test_writing_takes_a_small_share_of_the_time(model, source, tmp_path, monkeypatch):
    monkeypatch.setattr(kept_counts, "SHARE", 1e9)
    compared(model, source, tmp_path)
    assert KeptCounts(tmp_path, COMMAND).before.marks == []  # once, when the costs were known


@pytest.mark.usefixtures("always")
def test_a_file_that_is_not_whole_is_refused(model, source, tmp_path):
    kept = KeptCounts(tmp_path, COMMAND)
    compare_methods(model, source, **ASKED, workers=0, kept=kept)
    assert kept.photos == 5
    whole = kept.path.read_bytes()
    flipped = whole[:5000] + bytes([whole[5000] ^ 1]) + whole[5001:]
    for content in (b"", b"image,labels", whole[: len(whole) // 2], whole[:-1], flipped):
        kept.path.write_bytes(content)
        with pytest.raises(ValueError, match=r"counts\.pt is no whole file of counts: choose"):
            KeptCounts(tmp_path, COMMAND)
    unfinished = tmp_path / ".compare-counts.123.pt"  # a process was killed while it wrote
    unfinished.touch()
    kept.remove()
    kept.remove()
    assert not kept.path.exists()
    assert not unfinished.exists()


def test_no_code_of_the_file_runs(tmp_path):
    class Evil:
        def __reduce__(self):
            return (tmp_path.joinpath("harm").mkdir, ())

    content = BytesIO()
    torch.save({"command": COMMAND, "counts": Evil()}, content)
    data = content.getvalue()
    file = tmp_path / "compare-counts.pt"
    file.write_bytes(kept_counts.FORMAT + kept_counts.checksum(data) + data)
    with pytest.raises(ValueError, match="is no whole file of counts"):
        KeptCounts(tmp_path, COMMAND)
    assert not (tmp_path / "harm").exists()


def test_a_photo_whose_mask_lacks_its_class_is_no_fault(model, source, tmp_path):
    record = source.records[0]
    photo = Image.open(record.mask)
    photo.putdata([0] * (photo.width * photo.height))
    photo.save(record.mask)
    comparison = compare_methods(model, source, methods=["grad"], first_blocks=[5], workers=0)
    comparison.write_json(tmp_path / "scores.json")
    content = json.loads((tmp_path / "scores.json").read_text())
    assert content["rows"][0]["overlaps"].count(None) == len(record.labels)
