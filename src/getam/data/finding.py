"""A finding says what is wrong with a data set, which photos it concerns and what to do."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from getam.data.notice import shortened

logger = logging.getLogger(__name__)

FEW = 4
"""A line names so many photos or classes."""

Kind = Literal["refused", "error", "warning"]
"""Training refuses such data; it leaves the photos out; or it goes on as if nothing were wrong."""

Name = str | tuple[str, ...]
"""The name of a photo or a class, or the names of those that belong together."""


@dataclass(frozen=True)
class Finding:
    """A finding is one fault of a data set with everything that it concerns.

    Attributes
    ----------
    kind
        How bad it is; see `Kind`.
    topic
        A few words that stay the same for every fault of this sort, such as ``"missing photos"``.
    message
        What is wrong, without the names and without a full stop.
    advice
        A command that says what to do about it.
    names
        All that it concerns: files, entries or classes.
    """

    kind: Kind
    topic: str
    message: str
    advice: str
    names: tuple[Name, ...] = ()

    def line(self) -> str:
        """Return the finding in one line with the first few names.

        Examples
        --------
        >>> names = ("a.jpg", ("b.jpg", "c.jpg"))
        >>> print(Finding("warning", "copies", "2 photos are copies", "keep one", names).line())
        2 photos are copies: a.jpg, b.jpg = c.jpg; keep one
        """
        listed = ", ".join(self.listed()[:FEW])
        more = len(self.names) - FEW
        rest = f" and {more} more (getam check lists them)" if more > 0 else ""
        return f"{self.message}{': ' if listed else ''}{listed}{rest}; {self.advice}"

    def listed(self) -> list[str]:
        """Return the names as text, with " = " between those that belong together."""
        groups = ((name,) if isinstance(name, str) else name for name in self.names)
        return [" = ".join(map(shortened, group)) for group in groups]

    def as_dict(self) -> dict[str, Any]:
        """Return everything as JSON can hold it."""
        return asdict(self)


def missing_photos(names: Sequence[str], origin: object) -> Finding:
    """Return the finding about photos that a list names and that are not there."""
    message = f"{len(names)} photos of {origin} are not there"
    advice = "add them, correct their names, or remove them from the list"
    return Finding("error", "missing photos", message, advice, tuple(names))


Notice = Callable[[Finding], None]
"""What is told of every fault that is found while a data set is opened.

If it returns, the data set is opened as far as it can be.
"""


def warn(finding: Finding) -> None:
    """Log a finding as a warning, or raise it if the data cannot be used.

    Raises
    ------
    ValueError
        If training refuses such data.
    """
    if finding.kind == "refused":
        stop(finding)
    logger.warning(finding.line())


def stop(finding: Finding) -> None:
    """Raise any finding as an error.

    Raises
    ------
    ValueError
        In any case.
    """
    raise ValueError(finding.line())


def notice_for(*, strict: bool) -> Notice:
    """Return `stop` if every fault is an error, and `warn` if not."""
    return stop if strict else warn
