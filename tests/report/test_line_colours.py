"""Every line of a chart has a colour of its own, for the line, its points and its key."""

import re
from itertools import combinations

from getam.report.line_colours import LINES, line_colours


def channels(colour: str) -> list[int]:
    return list(bytes.fromhex(colour.removeprefix("#")))


def test_no_two_lines_look_the_same() -> None:
    for one, other in combinations(LINES, 2):
        apart = sum((a - b) ** 2 for a, b in zip(channels(one), channels(other), strict=True))
        assert apart**0.5 > 40, (one, other)


def test_line_points_and_key_have_one_colour() -> None:
    rules = re.findall(r"\.(line|dot|key)(\d+) \{ \w+: (#\w{6}); \}", line_colours())
    expected = {(kind, str(i), c) for i, c in enumerate(LINES) for kind in ("line", "dot", "key")}
    assert len(rules) == len(expected)
    assert set(rules) == expected
