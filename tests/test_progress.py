"""A long loop says in one line that it is done."""

import pytest

from getam import progress
from getam.progress import counted


def test_a_line_when_enough_time_has_passed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = [100.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: clock[0])
    with counted("photos", 40) as advance:
        for _ in range(40):
            clock[0] += 0.6
            advance()
    lines = capsys.readouterr().err.splitlines()
    assert lines == ["photos: 17 of 40 done", "photos: 34 of 40 done", "photos: 40 done"]


def test_one_line_at_the_end(capsys: pytest.CaptureFixture[str]) -> None:
    with counted("photos", 2) as advance:
        advance()
        advance()
        assert capsys.readouterr().err == ""
    assert capsys.readouterr().err == "photos: 2 done\n"


def test_nothing_is_said_of_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with counted("photos", 0):
        pass
    assert capsys.readouterr().err == ""


def test_a_loop_in_which_nothing_was_done(capsys: pytest.CaptureFixture[str]) -> None:
    with counted("photos", 3):
        pass
    assert capsys.readouterr().err == "photos: 0 done\n"
