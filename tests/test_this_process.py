"""The numbers that torchrun or the first process set say who speaks; those left over do not."""

import os

import pytest

from getam.this_process import FIRST_PROCESS, by_first_process, is_first, name, rank, usable_cores


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("RANK", "LOCAL_RANK", "TORCHELASTIC_RUN_ID", FIRST_PROCESS):
        monkeypatch.delenv(variable, raising=False)


def test_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (rank(), is_first(), name(0), name(2)) == (0, True, "getam", "getam (process 2)")
    monkeypatch.setenv("RANK", "1")  # left over from another program
    monkeypatch.setenv("LOCAL_RANK", "1")
    assert (rank(), is_first(), by_first_process()) == (0, True, False)


def test_torchruns_number_is_that_in_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "1")
    monkeypatch.setenv("LOCAL_RANK", "1")
    monkeypatch.setenv("RANK", "9")
    assert (rank(), is_first()) == (9, False)
    monkeypatch.setenv("RANK", "first")
    assert is_first()


def test_the_first_process_numbers_those_that_it_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RANK", "9")
    monkeypatch.setenv("LOCAL_RANK", "1")
    monkeypatch.setenv(FIRST_PROCESS, str(os.getppid()))
    assert (rank(), by_first_process()) == (1, True)
    monkeypatch.setenv(FIRST_PROCESS, str(os.getpid()))
    assert (rank(), by_first_process()) == (0, False)
    monkeypatch.setenv(FIRST_PROCESS, "left over")
    assert (rank(), by_first_process()) == (0, False)


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="only Linux limits the cores")
def test_cores_that_others_keep_are_not_counted() -> None:
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        assert usable_cores() == 1
    finally:
        os.sched_setaffinity(0, before)
    assert usable_cores() == len(before)
