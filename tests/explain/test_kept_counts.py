"""A comparison that was stopped goes on from its file, to the same scores."""

from dataclasses import replace

import pytest
import torch
from data.scenes import write_voc

from getam.data import open_source
from getam.explain import KeptCounts, compare_methods, kept_counts

ASKED = {"methods": ["grad_cam", "attention"], "first_blocks": [3], "faithfulness": True}
COMMAND = {"verb": "compare", "affinity": 0}


@pytest.fixture
def source(tmp_path):
    """Photos with masks that a test may spoil."""
    return open_source(write_voc(tmp_path / "voc"))


@pytest.fixture
def always(monkeypatch):
    """Keep the counts after every photo."""
    monkeypatch.setattr(kept_counts, "EVERY", 0.0)


def scores(comparison):
    """Everything but the seconds, which differ each time."""
    content = comparison.to_dict()
    for row in (*content["rows"], *content["controls"]):
        del row["cost"]
    return content


def compared(model, source, path, **changed):
    return compare_methods(
        model, source, **ASKED, workers=0, kept=KeptCounts(path, COMMAND | changed)
    )


@pytest.mark.usefixtures("always")
def test_a_stopped_comparison_goes_on_to_the_same_scores(model, source, tmp_path):
    whole = compare_methods(model, source, **ASKED, workers=0)
    path, third = tmp_path / "counts.pt", source.records[2].mask
    mask = third.read_bytes()
    third.write_bytes(b"not a mask")
    with pytest.raises(ValueError, match=third.name):
        compared(model, source, path)
    third.write_bytes(mask)
    assert KeptCounts(path, COMMAND).read().ids == [record.id for record in source.records[:2]]
    for record in source.records[:2]:  # these are not read again
        record.mask.write_bytes(b"not a mask")
    again = compared(model, source, path)
    assert scores(again) == scores(whole)
    assert again.photos == 5
    assert scores(compared(model, source, path)) == scores(whole)  # all were counted before


@pytest.mark.usefixtures("always")
def test_what_belongs_to_something_else_is_refused(model, source, tmp_path):
    path = tmp_path / "counts.pt"
    compared(model, source, path)
    with pytest.raises(FileExistsError, match=r"not the same: affinity"):
        compared(model, source, path, affinity=2)
    fewer = replace(source, records=source.records[1:])
    with pytest.raises(ValueError, match="the photos are not those that were counted before"):
        compared(model, fewer, path)


def test_a_damaged_file_says_what_to_do(tmp_path):
    path = tmp_path / "counts.pt"
    kept = KeptCounts(path, COMMAND)
    assert kept.read() is None
    for content in (b"", b"cut short", b"PK\x03\x04 cut short"):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"counts\.pt is damaged: remove it"):
            kept.read()
    torch.save({"command": COMMAND, "counts": [1]}, path)
    with pytest.raises(ValueError, match="is damaged"):
        kept.read()
    kept.remove()
    kept.remove()
    assert not path.exists()


def test_no_code_of_the_file_runs(tmp_path):
    class Evil:
        def __reduce__(self):
            return (tmp_path.joinpath("harm").mkdir, ())

    torch.save({"command": COMMAND, "counts": Evil()}, tmp_path / "counts.pt")
    with pytest.raises(ValueError, match="is damaged"):
        KeptCounts(tmp_path / "counts.pt", COMMAND).read()
    assert not (tmp_path / "harm").exists()
