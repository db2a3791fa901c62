"""This module has the options of verbs that make files of many photos, and ends such a verb."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from getam.outputs import OutputFolder

if TYPE_CHECKING:
    from getam.inference import Tolerance

SOME_FAILED = 4
"""Exit status if the command went to its end and some photos failed."""


def tolerance_of(settings: Mapping[str, Any]) -> "Tolerance":
    """Return how much may go wrong, as ``max_errors``, ``strict`` and ``time_limit`` say.

    Raises
    ------
    ValueError
        If a number is out of range.
    """
    from getam.inference import Tolerance

    names = ("max_errors", "strict", "time_limit")
    return Tolerance(**{name: settings[name] for name in names})


def status_of(folder: OutputFolder) -> int:
    """Return the exit status of a verb that has done its photos."""
    return SOME_FAILED if folder.failed else 0
