"""A fact is one thing that was found on this machine, and what follows from it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Fact:
    """A fact about this machine.

    Attributes
    ----------
    name
        A word for it, such as ``"memory"``.
    value
        What was found, as text.
    meaning
        One sentence about what follows from it, "" if nothing does.
    """

    name: str
    value: str
    meaning: str = ""
