"""One line for what is wrong: the nearest known name, a few of many, a warning or an error."""

import pytest

from getam.data.notice import first_few, unknown, warn_or_stop


def test_the_nearest_name_is_given_if_there_is_one() -> None:
    error = unknown("split", ["trian", "x"], ["train", "val"], "photos")
    assert str(error) == (
        "unknown split 'trian', 'x' in photos; there are train, val; did you mean 'train'?"
    )
    assert str(unknown("split", ["x"], [], "photos")) == (
        "unknown split 'x' in photos; there are none"
    )


def test_a_few_of_many() -> None:
    assert first_few(["a", "b", "c"]) == "a, b, c"
    assert first_few(["a", "b", "c"], 2) == "a, b, ..."


def test_a_warning_or_an_error(caplog: pytest.LogCaptureFixture) -> None:
    warn_or_stop("2 photos left out", strict=False)
    assert caplog.messages == ["2 photos left out"]
    with pytest.raises(ValueError, match="2 photos left out"):
        warn_or_stop("2 photos left out", strict=True)
