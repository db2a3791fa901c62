"""This module writes names of any kind so that each stays in its line of a table or message."""

import re

# Control characters, ends of lines, marks that turn the direction of writing, lone surrogates.
_UNPRINTABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)


def printable(text: str) -> str:
    r"""Return a text with escapes for the characters that would break or colour a line.

    The names of files and classes may hold any character. A line break would make two rows of a
    table of one, and an escape sequence would be obeyed by the terminal.

    Examples
    --------
    >>> print(printable("two\nlines"), printable("café"), printable("\x1b[31mred"))
    two\nlines café \x1b[31mred
    """
    return _UNPRINTABLE.sub(lambda found: found[0].encode("unicode_escape").decode(), text)
