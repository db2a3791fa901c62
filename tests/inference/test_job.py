"""A job reads, works, writes and records photo by photo; what fails costs nothing else."""

import json
import logging
import os
import signal
import time
from dataclasses import replace
from errno import ENOSPC
from functools import partial
from pathlib import Path

import pytest
import torch
from data.scenes import write_photo

from getam.data import PhotoDataset, Record, Source, list_photos, reading
from getam.inference import Tolerance, output_folder, run_job
from getam.outputs import MANIFEST


@pytest.fixture
def source(tmp_path: Path) -> Source:
    """Fourteen photos in two folders, with equal names in both."""
    for number in range(14):
        folder = tmp_path / "photos" / "ab"[number % 2]
        write_photo(folder / f"{number // 2}.png", (8, 8), seed=number)
    return list_photos(tmp_path / "photos")


def spoil(source: Source, *ids: str) -> None:
    for record in source.records:
        if record.id in ids:
            record.image.write_bytes(b"no photo")


def opened(tmp_path: Path, source: Source):
    return output_folder(tmp_path / "out", source, {"verb": "test"})


def write_text(text: str, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def name_and_mean(record: Record, batch) -> dict:
    mean = f"{batch.image.float().mean():.3f}"
    return {".txt": partial(write_text, record.id), ".mean.txt": partial(write_text, mean)}


def files_in(folder: Path) -> set[str]:
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}


def test_every_photo_gets_its_files_and_an_entry(source, tmp_path, capsys):
    out = opened(tmp_path, source)
    run_job(source, out, name_and_mean, workers=1)
    ids = {record.id for record in source.records}
    assert (out.done, out.failed) == (ids, {})
    assert files_in(out.path) == {
        MANIFEST,
        *(f"{i}{e}" for i in ids for e in (".txt", ".mean.txt")),
    }
    assert all((out.path / f"{name}.txt").read_text() == name for name in ids)
    entries = [json.loads(line) for line in (out.path / MANIFEST).read_text().splitlines()[1:]]
    assert {entry["id"] for entry in entries} == ids
    assert all(0 <= entry["seconds"] < 60 for entry in entries)
    assert capsys.readouterr().err.splitlines() == ["photos: 14 done"]


def test_photos_that_fail_are_listed_and_tried_again(source, tmp_path, caplog, capsys):
    bad = [f"a/{n}" for n in range(6)] + [f"b/{n}" for n in range(5)]
    spoil(source, *bad)
    out = opened(tmp_path, source)
    run_job(source, out, name_and_mean, workers=0)
    assert out.failed.keys() == set(bad)
    assert out.done == {"a/6", "b/5", "b/6"}
    *listed, last = caplog.messages
    assert listed == [
        f"cannot read the photo {tmp_path}/photos/{n}.png: not an image" for n in bad[:10]
    ]
    assert last.startswith(f"11 of 14 photos failed: {out.manifest} has the reason of each")
    assert capsys.readouterr().err.splitlines() == ["photos: 3 done"]
    for number, record in enumerate(source.records):
        if record.id in bad:
            write_photo(record.image, (8, 8), seed=number)
    again = opened(tmp_path, source)
    run_job(source, again, name_and_mean, workers=0)
    assert (len(again.done), again.failed) == (14, {})


def harm(error: Exception, *ids: str):
    """Work that raises an error for some of the photos."""

    def work(record, batch):
        if not ids or record.id in ids:
            raise error
        return name_and_mean(record, batch)

    return work


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (
            torch.OutOfMemoryError("CUDA out of memory.\nC++ trace"),
            "out of memory: make the photo smaller (CUDA out of memory.)",
        ),
        (ValueError("the proposals have another size"), "the proposals have another size"),
        (IndexError("out of range"), "IndexError: out of range"),
        (MemoryError(), "out of memory: make the photo smaller (MemoryError)"),
    ],
)
@pytest.mark.parametrize("lanes", [1, 3])
def test_work_that_fails_costs_one_photo(error, reason, lanes, source, tmp_path, caplog):
    out = opened(tmp_path, source)
    run_job(source, out, harm(error, "a/0", "b/3"), workers=0, lanes=lanes)
    assert out.failed == {"a/0": reason, "b/3": reason}
    assert len(out.done) == 12
    assert caplog.messages[0] == f"{tmp_path}/photos/a/0.png: {reason}"


def test_a_reason_that_all_photos_share_lies_in_the_settings(source, tmp_path, caplog):
    out = opened(tmp_path, source)
    with pytest.raises(ValueError, match=r"^first_block must lie in 0\.\.11, got 99$"):
        run_job(source, out, harm(ValueError("first_block must lie in 0..11, got 99")), workers=0)
    assert len(out.failed) == 3
    assert not caplog.messages
    one = replace(source, records=source.records[-1:])
    with pytest.raises(ValueError, match="^no$"):
        run_job(one, output_folder(tmp_path / "1", one, {}), harm(ValueError("no")), workers=0)


@pytest.mark.parametrize("lanes", [1, 3])
def test_a_photo_that_hangs_its_reader_and_one_that_crashes_it(
    lanes, source, tmp_path, monkeypatch
):
    read = PhotoDataset.__getitem__
    harms = {"a/3": lambda: time.sleep(60), "b/1": lambda: os.kill(os.getpid(), signal.SIGSEGV)}

    def harmful(self, index):
        harms.get(self.records[index].id, lambda: None)()
        return read(self, index)

    monkeypatch.setattr(PhotoDataset, "__getitem__", harmful)
    monkeypatch.setattr(reading, "POLL", 0.2)
    out = opened(tmp_path, source)
    slow = Tolerance(time_limit=2)
    run_job(source, out, name_and_mean, workers=2, tolerance=slow, lanes=lanes)
    assert out.failed == {
        "a/3": "it was not read within 2 seconds",
        "b/1": "the process that read it ended (SIGSEGV)",
    }
    assert len(out.done) == 12


@pytest.mark.parametrize("lanes", [1, 3])
def test_too_many_failures_stop_the_job_and_keep_what_was_done(lanes, source, tmp_path):
    bad = ("a/2", "a/4", "b/0")
    spoil(source, *bad)
    out = opened(tmp_path, source)
    with pytest.raises(ValueError, match=r"^3 photos failed, and 2 are allowed .*is kept$"):
        few = Tolerance(max_errors=2)
        run_job(source, out, name_and_mean, workers=0, tolerance=few, lanes=lanes)
    assert out.done >= {"a/0", "a/1", "a/3", "a/5", "a/6"}  # several lanes may be further
    assert lanes > 1 or len(out.done) == 5
    assert opened(tmp_path, source).done == out.done
    run_job(source, opened(tmp_path, source), name_and_mean, tolerance=Tolerance(max_errors=3))


def test_strict_looks_at_all_photos_first_and_stops_at_the_first_failure(source, tmp_path):
    spoil(source, "b/6")
    out, strict = opened(tmp_path, source), Tolerance(strict=True)
    with pytest.raises(ValueError, match="^1 of 14 photos of .* cannot be read"):
        run_job(source, out, name_and_mean, workers=0, tolerance=strict)
    assert files_in(out.path) == {MANIFEST}
    spoil(source, "b/6")
    good = replace(source, records=source.records[:-1])
    with pytest.raises(ValueError, match="^1 photos failed, and 0 are allowed") as caught:
        run_job(good, out, harm(KeyError("x"), "a/3"), workers=0, tolerance=strict)
    assert isinstance(caught.value.__cause__, KeyError)


@pytest.mark.parametrize("lanes", [1, 3])
def test_a_job_that_is_interrupted_says_what_is_done_and_goes_on(lanes, source, tmp_path, caplog):
    def work(record, batch):
        if record.id == "a/4":
            raise KeyboardInterrupt
        return name_and_mean(record, batch)

    out = opened(tmp_path, source)
    with pytest.raises(KeyboardInterrupt):
        run_job(source, out, work, workers=0, lanes=lanes)
    assert out.done >= {"a/0", "a/1", "a/2", "a/3"}  # several lanes may be further
    assert lanes > 1 or len(out.done) == 4
    assert caplog.messages == [f"{len(out.done)} of 14 photos are done: the same command goes on"]
    again = opened(tmp_path, source)
    run_job(source, again, name_and_mean, workers=0, lanes=lanes)
    assert len(again.done) == 14


def test_what_is_done_is_recorded_while_a_photo_is_awaited(source, tmp_path, monkeypatch):
    read = PhotoDataset.__getitem__
    recorded = []

    def slow(self, index):
        if index == 3:
            time.sleep(1)
            recorded.append(set(out.done))
        return read(self, index)

    monkeypatch.setattr(PhotoDataset, "__getitem__", slow)
    out = opened(tmp_path, source)
    run_job(source, out, name_and_mean, workers=0, lanes=4)
    assert recorded == [{"a/0", "a/1", "a/2"}]


def broken_write(error: Exception, path: Path) -> None:
    write_text("half", path)
    raise error


def test_a_full_disk_stops_the_job_at_once(source, tmp_path):
    def work(record, batch):
        files = name_and_mean(record, batch)
        full = partial(broken_write, OSError(ENOSPC, "No space left on device", "x"))
        return files if record.id < "a/3" else {**files, ".last.txt": full}

    out = opened(tmp_path, source)
    with pytest.raises(OSError, match="No space left"):
        run_job(source, out, work, workers=0)
    assert (out.done, out.failed) == ({"a/0", "a/1", "a/2"}, {})
    assert len(files_in(out.path)) == 1 + 2 * 3  # of the others none, nor anything unfinished


def test_a_disk_that_is_full_loses_nothing(source, disk):
    disk.resize("48k")
    out = output_folder(disk.path / "out", source, {"verb": "test"})
    with pytest.raises(OSError, match="No space left"):
        run_job(source, out, name_and_mean, workers=0)
    disk.resize("1m")
    again = output_folder(disk.path / "out", source, {"verb": "test"})
    assert again.done == out.done
    assert 0 < len(again.done) < len(source)
    run_job(source, again, name_and_mean, workers=0)
    assert len(files_in(out.path)) == 1 + 2 * len(source)
    lines = [
        line for line in (out.path / MANIFEST).read_text().splitlines()[1:] if line[-1:] == "}"
    ]
    assert sorted(json.loads(line)["id"] for line in lines) == sorted(r.id for r in source.records)


def test_a_file_that_cannot_hold_its_content_costs_one_photo(source, tmp_path):
    def work(record, batch):
        files = name_and_mean(record, batch)
        wide = partial(broken_write, OSError("encoder error -2 when writing image file"))
        return {**files, ".last.txt": wide} if record.id == "a/3" else files

    out = opened(tmp_path, source)
    run_job(source, out, work, workers=0)
    assert out.failed == {"a/3": "encoder error -2 when writing image file"}
    assert not any(name.startswith("a/3") for name in files_in(out.path))


def test_a_list_of_nothing(source, tmp_path):
    nothing = replace(source, records=())
    run_job(nothing, opened(tmp_path, nothing), name_and_mean, workers=1)


@pytest.mark.parametrize("wrong", [{"max_errors": -1}, {"time_limit": 0}])
def test_numbers_out_of_range(wrong):
    with pytest.raises(ValueError, match=f"{next(iter(wrong))} must be"):
        Tolerance(**wrong)


def test_messages_of_libraries_stay_out(source, tmp_path, caplog):
    caplog.set_level(logging.INFO)
    run_job(source, opened(tmp_path, source), name_and_mean, workers=1)
    assert not caplog.messages


def test_photos_that_cannot_be_read_never_stop_the_others(source, tmp_path):
    first = [record.id for record in source.records[:4]]
    spoil(source, *first)
    out = opened(tmp_path, source)
    run_job(source, out, name_and_mean, workers=0)
    assert set(out.failed) == set(first)
    assert len(out.done) == len(source) - 4


def test_a_folder_in_the_place_of_an_output_costs_one_photo(source, tmp_path):
    out = opened(tmp_path, source)
    (out.path / "a" / "1.txt" / "inner").mkdir(parents=True)
    run_job(source, out, name_and_mean, workers=0)
    assert set(out.failed) == {"a/1"}
    assert len(out.done) == len(source) - 1


def test_one_bad_photo_alone_is_a_photo_that_failed(source, tmp_path):
    spoil(source, "a/0")
    alone = replace(source, records=source.records[:1])
    out = opened(tmp_path, alone)
    run_job(alone, out, name_and_mean, workers=0)
    assert set(out.failed) == {"a/0"}
