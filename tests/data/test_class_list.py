"""A classes.txt, sound and broken."""

import pytest

from getam.data.class_list import read_class_list


def test_the_number_of_the_line_is_the_value(tmp_path):
    path = tmp_path / "classes.txt"
    path.write_text("\ufeff_Background_\ncat\n\n dog \n", encoding="utf-8")
    assert read_class_list(path) == {"cat": 1, "dog": 3}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("cat\ndog\n", r"first line of .* must be background \(value 0\), got 'cat'"),
        ("", "must be background"),
        ("background\ncat\nbackground\n", "has a class 'background'"),
        ("background\ncat\ndog\ncat\n", "names the class 'cat' twice"),
    ],
)
def test_broken_lists(tmp_path, text, message):
    (tmp_path / "classes.txt").write_text(text)
    with pytest.raises(ValueError, match=message) as caught:
        read_class_list(tmp_path / "classes.txt")
    assert "\n" not in str(caught.value)


def test_a_list_that_is_no_text(tmp_path):
    (tmp_path / "classes.txt").write_bytes(b"background\n\xe9\n")
    with pytest.raises(ValueError, match="cannot read the class list"):
        read_class_list(tmp_path / "classes.txt")
