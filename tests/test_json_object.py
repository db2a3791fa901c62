"""A damaged file is named in the error."""

import pytest

from getam.json_object import json_object


def test_an_object_is_read() -> None:
    assert json_object('{"a": [1, null]}', origin="x.json") == {"a": [1, None]}


@pytest.mark.parametrize("text", ["", '{"a": 1', "[1]", "\x00"])
def test_anything_else_is_refused_by_name(text: str) -> None:
    with pytest.raises(ValueError, match=r"^line 3 of x\.json is damaged \(.*restore it"):
        json_object(text, origin="line 3 of x.json")
