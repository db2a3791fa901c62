"""Every character that breaks or colours a line is escaped, and no other."""

import os

import pytest

from getam.printable import printable


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("two\nlines\ttab\r", r"two\nlines\ttab\r"),
        ("\x1b[31mred\x07\x9b", r"\x1b[31mred\x07\x9b"),
        ("a\u2028b\u202egnp.exe", r"a\u2028b\u202egnp.exe"),
        (os.fsdecode(b"caf\xe9"), r"caf\udce9"),
        ("café 猫 \U0001f408\u200d\u2b1b C:\\x", "café 猫 \U0001f408\u200d\u2b1b C:\\x"),
    ],
)
def test_escapes(text: str, expected: str) -> None:
    assert printable(text) == expected
