"""This module defines what is known about the classes of a photo: yes, no, or nothing."""

from typing import NamedTuple


class Tags(NamedTuple):
    """A `Tags` holds what is known about the classes of one photo."""

    labels: tuple[str, ...] | None
    """The classes that the photo shows. Empty if it shows none, None if nothing is known."""
    unknown: tuple[str, ...] = ()
    """The classes for which it is not known whether the photo shows them."""


NOTHING_KNOWN = Tags(None)

Labels = dict[str, Tags]
"""What is known about each photo, by the id of the photo."""


def named_classes(table: Labels) -> list[str]:
    """Return the names of all classes that some photo shows, sorted."""
    return sorted({name for tags in table.values() for name in tags.labels or ()})
