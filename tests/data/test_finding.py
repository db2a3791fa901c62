"""A finding has every name; its line has a few, and says how many more there are."""

import logging

import pytest

from getam.data.finding import FEW, Finding, notice_for, stop, warn

MANY = Finding("warning", "topic", "9 photos are odd", "mend them", tuple("abcdefghi"))
REFUSED = Finding("refused", "topic", "2 photos are one", "keep one", (("a", "b"),))


def test_a_line_is_cut_and_says_so() -> None:
    assert MANY.line() == (
        f"9 photos are odd: a, b, c, d and {9 - FEW} more (getam check lists them); mend them"
    )
    assert REFUSED.line() == "2 photos are one: a = b; keep one"
    assert Finding("error", "topic", "it is empty", "fill it").line() == "it is empty; fill it"
    assert MANY.as_dict()["names"] == tuple("abcdefghi")


def test_a_warning_goes_on_and_refused_data_does_not(caplog: pytest.LogCaptureFixture) -> None:
    warn(MANY)
    assert [(r.levelno, r.message) for r in caplog.records] == [(logging.WARNING, MANY.line())]
    for notice, finding in ((warn, REFUSED), (stop, MANY), (notice_for(strict=True), MANY)):
        with pytest.raises(ValueError, match=finding.message):
            notice(finding)
    assert notice_for(strict=False) is warn
