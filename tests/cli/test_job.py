"""Photos that fail, processes that are killed, and shards that run at the same time."""

import json
import multiprocessing
import shutil
import time
from pathlib import Path

import pytest
from data.scenes import write_photo

from getam.cli.job import SOME_FAILED
from getam.cli.main import main

PHOTOS = 20
FORK = multiprocessing.get_context("fork")


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    for number in range(PHOTOS):
        write_photo(tmp_path / "photos" / f"{number // 6}" / f"{number:02d}.png", seed=number)
    return tmp_path / "photos"


def predict(model: Path, photos: Path, out: Path, *options: str) -> int:
    given = ["--model", str(model), "--images", str(photos), "--out", str(out), "--overlays"]
    return main(["predict", *given, "--device", "cpu", "--workers", "0", *options])


def begin(*arguments: object) -> "multiprocessing.context.ForkProcess":
    process = FORK.Process(target=predict, args=arguments)
    process.start()
    return process


def pictures(out: Path) -> dict[str, bytes]:
    return {p.relative_to(out).as_posix(): p.read_bytes() for p in out.rglob("*.*g")}


def done(out: Path) -> list[str]:
    """Return the ids of the entries of all manifests, those of cut lines left out."""
    lines = [line for file in out.glob("manifest*.jsonl") for line in file.read_text().split("\n")]
    whole = (json.loads(line) for line in lines if line.endswith("}"))
    return [entry["id"] for entry in whole if entry.get("status") == "done"]


def test_kill_at_any_moment_loses_nothing(folder: Path, photos: Path, tmp_path: Path) -> None:
    assert predict(folder, photos, tmp_path / "whole") == 0
    out = tmp_path / "out"
    for least in (3, 8, 13):
        process = begin(folder, photos, out)
        while process.is_alive() and (not out.exists() or len(done(out)) < least):
            time.sleep(0.001)
        process.kill()
        process.join()
        assert process.exitcode == -9
        assert least <= len(done(out)) < PHOTOS
        recorded = {f"{name}.png" for name in done(out)}
        assert recorded <= pictures(out).keys()
    for name, content in pictures(out).items():  # none is half, those in hidden folders aside
        assert name.startswith(".") or content == pictures(tmp_path / "whole")[name]
    assert predict(folder, photos, out) == 0
    assert pictures(out) == pictures(tmp_path / "whole")
    assert len(done(out)) == len(set(done(out))) == PHOTOS
    beside = {"manifest.jsonl", "classes.txt"}
    assert {path.name for path in out.iterdir()} == {*beside, "0", "1", "2", "3"}


def test_shards_run_at_the_same_time_into_one_folder(
    folder: Path, photos: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    shards = [begin(folder, photos, out, "--shard", f"{number}/3") for number in (1, 2, 3)]
    for process in shards:
        process.join()
    assert predict(folder, photos, tmp_path / "whole") == 0
    assert pictures(out) == pictures(tmp_path / "whole")
    assert len(done(out)) == len(set(done(out))) == PHOTOS
    assert len(list(out.glob("manifest-?-of-3.jsonl"))) == 3
    before = sorted(done(out))
    assert predict(folder, photos, out) == 0  # all are done
    assert sorted(done(out)) == before


def test_failures_have_a_status_of_their_own_and_are_tried_again(
    folder: Path, photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog
) -> None:
    out, bad = tmp_path / "out", photos / "0" / "03.png"
    whole = bad.read_bytes()
    bad.write_bytes(whole[:40])
    assert predict(folder, photos, out) == SOME_FAILED == 4
    assert capsys.readouterr().out.startswith(f"{PHOTOS - 1} masks in {out}")
    assert [str(bad) in line for line in caplog.messages] == [True, False]
    assert predict(folder, photos, out, "--max-errors", "0") == 1
    assert "(--max-errors, --strict)" in capsys.readouterr().err.splitlines()[-1]
    assert predict(folder, photos, out, "--strict") == 1
    bad.write_bytes(whole)
    assert predict(folder, photos, out, "--strict") == 0
    assert len(pictures(out)) == 2 * PHOTOS


def test_a_photo_that_is_named_and_missing_is_known_before_anything_starts(
    folder: Path, photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    listed = tmp_path / "list.txt"
    listed.write_text(f"{photos}/0/00.png\n{photos}/0/none.png\n")
    assert predict(folder, listed, tmp_path / "out") == 1
    assert "none.png" in capsys.readouterr().err.splitlines()[-1]
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("verb", ["label", "maps", "explain"])
def test_the_other_verbs_shard_and_go_on_as_well(
    verb: str, folder: Path, photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in "0123":  # class folders, for label
        (photos / number).rename(photos / ["cat", "cow", "dog", "x"][int(number)])
    shutil.rmtree(photos / "x")
    for number in range(3, 18):
        next(photos.rglob(f"{number:02d}.png")).unlink()
    next(photos.rglob("01.png")).write_bytes(b"no photo")
    write_photo(photos / "dog" / "12.png")
    write_photo(photos / "cow" / "06.png")
    data = ["--data" if verb == "label" else "--images", str(photos)]
    options = ["--model", str(folder), *data, "--device", "cpu", "--workers", "0"]
    options += ["--out", str(tmp_path / "out")]
    options += [] if verb == "label" else ["--classes", "dog"]
    options += ["--first-block", "3"] if verb == "explain" else []
    status = [main([verb, *options, "--shard", f"{number}/2"]) for number in (1, 2)]
    assert sorted(status) == [0, SOME_FAILED]
    assert sorted(done(tmp_path / "out")) == ["cat/00", "cat/02", "cow/06", "dog/12"]
    assert main([verb, *options, "--shard", "3/2"]) == 1
    assert "shard must be like 3/64" in capsys.readouterr().err.splitlines()[-1]


def test_one_shard_has_no_score_of_all(
    folder: Path, photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--model", str(folder), "--data", str(photos), "--out", str(tmp_path / "out")]
    assert main(["label", *options, "--shard", "1/2", "--json", str(tmp_path / "a.json")]) == 1
    assert "one shard has no score" in capsys.readouterr().err.splitlines()[-1]
