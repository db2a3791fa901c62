"""This module writes names into messages: unknown ones with their nearest, and long lists."""

from collections.abc import Collection, Iterable, Sequence
from difflib import get_close_matches

LONGEST, KEPT = 300, 100
"""A longer name is shortened to so many characters of its beginning and of its end."""

MANY, MOST_LISTED, FEW = 10_000, 300, 20
"""Among more names no nearest one is looked for. A message lists so many known and unknown ones."""


def unknown(what: str, given: Iterable[str], known: Collection[str], where: object) -> ValueError:
    """Make the error for unknown names. Its message lists the known names and the nearest one.

    Parameters
    ----------
    what
        The kind of thing that the names stand for, such as ``"class"``.
    given
        The unknown names.
    known
        The known names.
    where
        The file or folder in which the names were looked up.

    Returns
    -------
    ValueError
        The error, which the caller raises.

    Examples
    --------
    >>> print(unknown("class", ["dgo"], ["cat", "dog"], "photos"))
    unknown class 'dgo' in photos; there are cat, dog; did you mean 'dog'?
    """
    given = [shortened(name) for name in given]
    few = known if len(known) <= MANY else ()
    nearest = get_close_matches(given[0], few, n=1, cutoff=0.4)
    hint = f"; did you mean {nearest[0]!r}?" if nearest else ""
    listed = first_few(list(known), MOST_LISTED) or "none"
    return ValueError(
        f"unknown {what} {first_few([*map(repr, given)], FEW)} in {where}; there are {listed}{hint}"
    )


def shortened(name: str) -> str:
    """Return a name whose middle is left out if it is too long to be read.

    Examples
    --------
    >>> shortened("cat.png"), len(shortened("cat" * 1000))
    ('cat.png', 203)
    """
    return name if len(name) <= LONGEST else f"{name[:KEPT]}...{name[-KEPT:]}"


def first_few(names: Sequence[str], count: int = 3) -> str:
    """Return the first names of a list as text, with "..." if there are more.

    Examples
    --------
    >>> first_few(["a", "b", "c", "d"])
    'a, b, c, ...'
    """
    return ", ".join([*map(shortened, names[:count]), *(["..."] if len(names) > count else [])])


def quoted(value: object) -> str:
    """Return a value as Python writes it, shortened if it is long.

    Examples
    --------
    >>> quoted([1, "a"])
    "[1, 'a']"
    """
    try:
        return shortened(repr(value))
    except RecursionError:
        return f"a {type(value).__name__} of many levels"
