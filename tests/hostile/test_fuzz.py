"""Damaged files of every kind are read or refused; what ever failed is read again."""

import json
import os
import random
import signal
import sys
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

sys.path.append(str(Path(__file__).resolve().parents[2] / "benchmarks"))

import fuzz
from hostile_files import KINDS, Kind, corpus, damaged, lay, outcome

KEPT = sorted((Path(__file__).parent / "kept").iterdir())
SOUND = corpus()
TREES = {"labels.json", "coco", "data.yaml", "settings", "model.json", "label studio"}
FROM_PYTEST = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]

PLAIN = st.none() | st.booleans() | st.integers(-2, 2**70) | st.floats() | st.text(max_size=4)
KEYS = st.text(max_size=3) | st.sampled_from(
    ["path", "classes", "images", "annotations", "categories", "id", "name", "file_name"]
    + ["architecture", "extra", "backbone", "num_classes", "data", "a", "b", "epochs", "scale"]
)
TREE = st.recursive(
    PLAIN, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4)
)


def read(kind: str, data: bytes, folder: Path) -> str | None:
    """Read a file of a kind, and see that nothing is written beside the output folder."""
    home, out = folder / kind, folder / "out"
    lay(KINDS[kind], data, home)
    before = {path: path.stat().st_mtime_ns for path in home.rglob("*")}
    error = outcome(KINDS[kind], home, out)
    assert {path: path.stat().st_mtime_ns for path in home.rglob("*")} == before
    return error


def test_every_kind_has_a_sound_file() -> None:
    assert {kind for kind, _ in SOUND} == set(KINDS)
    assert all(KINDS[kind].passes(data) for kind, data in SOUND)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_sound_file_is_read(kind: str, tmp_path: Path) -> None:
    for sound, data in SOUND:
        if sound == kind:
            lay(KINDS[kind], data, tmp_path)
            KINDS[kind].read(tmp_path, tmp_path / "out")


@pytest.mark.parametrize("file", KEPT, ids=lambda file: file.name)
def test_what_failed_once(file: Path, tmp_path: Path) -> None:
    kind = file.name.rpartition("-")[0].replace("_", " ")
    assert read(kind, file.read_bytes(), tmp_path) is None


def damaged_files_are_refused(number: int, folder: Path) -> None:
    draw = random.Random(number)
    kind, data = draw.choice(SOUND)
    assert read(kind, damaged(data, draw.choice(SOUND)[1], draw), folder) is None, kind


@settings(max_examples=40, suppress_health_check=FROM_PYTEST)
@given(number=st.integers(0, 2**32))
def test_damaged_files(number: int, tmp_path: Path) -> None:
    damaged_files_are_refused(number, tmp_path)


@settings(max_examples=40, suppress_health_check=FROM_PYTEST)
@given(kind=st.sampled_from(sorted(TREES)), tree=TREE)
def test_trees_of_any_values(kind: str, tree: object, tmp_path: Path) -> None:
    assert read(kind, json.dumps(tree).encode(), tmp_path) is None


@pytest.mark.slow
@settings(max_examples=3000, suppress_health_check=FROM_PYTEST)
@given(number=st.integers(0, 2**32))
def test_many_damaged_files(number: int, tmp_path: Path) -> None:
    damaged_files_are_refused(number, tmp_path)


@pytest.mark.slow
@settings(max_examples=3000, suppress_health_check=FROM_PYTEST)
@given(kind=st.sampled_from(sorted(TREES)), tree=TREE)
def test_many_trees(kind: str, tree: object, tmp_path: Path) -> None:
    assert read(kind, json.dumps(tree).encode(), tmp_path) is None


def crash(_folder: Path, _out: Path) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def hang(_folder: Path, _out: Path) -> None:
    while True:
        time.time()


def write_elsewhere(folder: Path, _out: Path) -> None:
    (folder / "elsewhere").write_text("x")


def write_there(_folder: Path, out: Path) -> None:
    out.mkdir(exist_ok=True)
    (out / "there").write_text("x")


def fill_memory(_folder: Path, _out: Path) -> None:
    try:
        bytearray(4 * 2**30)
    except MemoryError as error:
        raise ValueError("too much") from error


def blunder(_folder: Path, _out: Path) -> None:
    raise KeyError("a")


def start_a_program(_folder: Path, _out: Path) -> None:
    os.system("true")


def refuse(_folder: Path, _out: Path) -> None:
    raise ValueError("no")


BAD = {
    "crash": (crash, "ended with -9"),
    "hang": (hang, "took more than"),
    "write": (write_elsewhere, "open "),
    "memory": (fill_memory, "MemoryError"),
    "blunder": (blunder, "KeyError"),
    "program": (start_a_program, "os.system"),
}


def test_the_fuzzer_sees_every_harm(monkeypatch: pytest.MonkeyPatch) -> None:
    good = {"there": (write_there, ""), "refuse": (refuse, "")}
    for name, (reader, _) in {**BAD, **good}.items():
        monkeypatch.setitem(KINDS, name, Kind("a", reader, lambda _data: True))
    monkeypatch.setattr(fuzz, "SECONDS", 0.2)
    monkeypatch.setattr(fuzz, "BOUND", 2**30)
    sound = [(name, b"x") for name in (*BAD, *good)]
    tally = fuzz.run(24, 0, sound, processes=2)
    assert tally.mutants.total() == tally.passed.total() == 24
    assert set(tally.mutants) == {*BAD, *good}
    assert {failure["kind"] for failure in tally.failures} == set(BAD)
    assert all(BAD[f["kind"]][1] in f["error"] for f in tally.failures)


def test_a_failure_is_made_small(monkeypatch: pytest.MonkeyPatch) -> None:
    def reader(folder: Path, _out: Path) -> None:
        if b"!" in (folder / "a").read_bytes():
            raise KeyError("!")

    monkeypatch.setitem(KINDS, "mark", Kind("a", reader, lambda _data: True))
    assert fuzz.made_small(fuzz.Mutant("mark", b"ab!c")).data == b"!"
