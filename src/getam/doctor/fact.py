"""This module defines how one thing that was found on this machine is kept."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Fact:
    """A fact is one thing that was found on this machine, and what follows from it.

    Attributes
    ----------
    name
        The name says what the fact is about, such as ``"memory"``.
    value
        The value says what was found, as text.
    meaning
        One sentence about what follows from it for a run; empty if nothing does.
    """

    name: str
    value: str
    meaning: str = ""
