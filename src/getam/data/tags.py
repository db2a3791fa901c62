"""What is known about the classes of a photo: yes, no, or nothing."""

from typing import NamedTuple


class Tags(NamedTuple):
    """What is known about the classes of one photo."""

    labels: tuple[str, ...] | None
    """The classes that it shows; empty if it shows none, None if nothing is known."""
    unknown: tuple[str, ...] = ()
    """The classes of which it is not known whether it shows them."""


NOTHING_KNOWN = Tags(None)

Labels = dict[str, Tags]
"""Photo id to what is known about the photo."""


def named_classes(table: Labels) -> list[str]:
    """Return the names of all classes that some photo shows, sorted."""
    return sorted({name for tags in table.values() for name in tags.labels or ()})
