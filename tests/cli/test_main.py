"""What the command sets before torch is imported."""

import logging
import os
import signal
import time
from errno import ENOSPC
from pathlib import Path

import pytest

from getam.cli.main import OneLine, call, main, one_line
from getam.files import whole_file


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


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_a_verb_in_one_line_and_leaves_no_half_file(
    number: signal.Signals, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def verb(_options: list[str]) -> None:
        with whole_file(tmp_path / "mask.png"):
            os.kill(os.getpid(), number)
            time.sleep(10)

    interrupted = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's & ignores it
    before = signal.getsignal(signal.SIGTERM)
    try:
        assert call(verb, []) == 128 + number
    finally:
        signal.signal(signal.SIGINT, interrupted)
    assert capsys.readouterr().err == "getam: interrupted\n"
    assert list(tmp_path.iterdir()) == []
    assert signal.getsignal(signal.SIGTERM) == before


def test_a_full_disk_says_what_to_do() -> None:
    full = OSError(ENOSPC, "No space left on device", "masks/1.png")
    assert one_line(full).startswith("No space left on device: masks/1.png; make room")
