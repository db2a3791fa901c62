"""What the command sets before torch is imported."""

import logging
import os

import pytest

from getam.cli.main import OneLine, main, one_line


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


def test_a_library_does_not_speak_of_its_own_affairs(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with pytest.raises(SystemExit):
        main(["score", "--help"])
    from lightning_fabric import Fabric

    Fabric(accelerator="cpu", precision="bf16-mixed")
    assert not caplog.messages


def test_messages_stay_in_one_line() -> None:
    record = logging.LogRecord("getam", logging.INFO, "", 0, "photo %s", ("a\nb\x1b.png",), None)
    assert OneLine("%(message)s").format(record) == r"photo a\nb\x1b.png"
    assert one_line(ValueError("photo a\nb.png ")) == r"photo a\nb.png"
    assert one_line(FileNotFoundError(2, "gone", "a\nb.png")) == r"gone: a\nb.png"
    assert one_line(ValueError()) == "ValueError"
