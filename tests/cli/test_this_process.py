"""The numbers that torchrun or Fabric set say who speaks."""

import pytest

from getam.cli.this_process import is_first, name, rank


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("RANK", "LOCAL_RANK"):
        monkeypatch.delenv(variable, raising=False)


def test_alone() -> None:
    assert (rank(), is_first(), name()) == (0, True, "getam")


def test_the_number_in_the_run_goes_before_that_on_the_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LOCAL_RANK", "1")
    assert (rank(), is_first(), name()) == (1, False, "getam (process 1)")
    monkeypatch.setenv("RANK", "9")
    assert name() == "getam (process 9)"


def test_what_is_no_number_is_no_rank(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RANK", "first")
    assert is_first()
