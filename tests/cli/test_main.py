"""What the command sets before torch is imported."""

import os

import pytest

from getam.cli.main import main


@pytest.mark.parametrize(("given", "expected"), [(None, "2000"), ("7", "7")])
def test_waiting_threads_sleep_soon_unless_the_user_says_otherwise(
    given: str | None, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOMP_SPINCOUNT", "")  # restored at the end, whatever main does
    monkeypatch.delenv("GOMP_SPINCOUNT")
    if given is not None:
        monkeypatch.setenv("GOMP_SPINCOUNT", given)
    assert main(["--version"]) == 0
    assert os.environ["GOMP_SPINCOUNT"] == expected
