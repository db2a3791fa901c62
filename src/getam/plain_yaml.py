"""This module reads YAML that somebody else may have written: a data set, settings, a run.

YAML lets a value be named and repeated. Nine lists that hold the one before nine times are a
hundred characters and a thousand million values. No file of getam needs that, so it is refused.
"""

from typing import Any

import yaml

LONGEST = 100_000
"""A longer text is refused: it would take seconds to read, and no settings are so long."""


class _Plain(yaml.SafeLoader):
    """This loader makes plain values only, and every one of them stands in the text."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("it repeats a value by its name (*): write the value out")
        return super().compose_node(parent, index)


def read_yaml(text: str) -> Any:
    """Return the plain value that a text in YAML stands for; nothing in it is executed.

    Raises
    ------
    ValueError
        If the text is no YAML, is too long, or repeats values by their names. The message is one
        line, which does not name the file.

    Examples
    --------
    >>> read_yaml("epochs: 3")
    {'epochs': 3}
    """
    if len(text) > LONGEST:
        raise ValueError(f"it has {len(text):,} characters, and settings have at most {LONGEST:,}")
    try:
        return yaml.load(text, Loader=_Plain)  # noqa: S506  (a safe loader)
    except RecursionError:
        raise ValueError("its values lie too deep within each other") from None
    except Exception as error:  # besides its own errors: dates that do not exist, unhashable keys
        raise ValueError(" ".join(str(error).split()) or type(error).__name__) from None
