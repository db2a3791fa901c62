"""YAML holds plain values that all stand in the text."""

import pytest

from getam.plain_yaml import LONGEST, read_yaml

LAUGHS = "a0: &a0 [ha, ha, ha, ha, ha, ha, ha, ha, ha, ha]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12)
)


def test_plain_values() -> None:
    assert read_yaml("classes: [cat, dog]\nsplit: 2017\n") == {
        "classes": ["cat", "dog"],
        "split": 2017,
    }
    assert read_yaml("") is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (LAUGHS, "repeats a value"),
        ("a: &a 1\nb: *a", "repeats a value"),
        ("a: &a {b: 1}\nc: {<<: *a}", "repeats a value"),
        ("!!python/object/apply:os.system [touch x]", "could not determine a constructor"),
        ("[" * 3000, "too deep"),
        ("a: " + "x" * LONGEST, "at most 100,000"),
        ("a: 2026-99-99", "month must be in 1..12"),
        ("? [a]\n: 1", "unhashable"),
        ("a: [", "expected"),
        ("a: \0", "special characters"),
    ],
    ids=[*"abcdefghij"],
)
def test_anything_else_is_one_line(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason) as caught:
        read_yaml(text)
    assert "\n" not in str(caught.value)
