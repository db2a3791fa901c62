"""A long loop says in one line that it is done."""

import pytest

from getam.progress import counted


def test_one_line_at_the_end(capsys: pytest.CaptureFixture[str]) -> None:
    with counted("photos", 2) as advance:
        advance()
        advance()
        assert capsys.readouterr().err == ""
    assert capsys.readouterr().err == "photos: 2 done\n"
