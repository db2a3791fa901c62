"""One line about what is wrong with a data set: the nearest right name, a warning or a stop."""

import logging
from collections.abc import Collection, Iterable, Sequence
from difflib import get_close_matches

logger = logging.getLogger(__name__)


def unknown(what: str, given: Iterable[str], known: Collection[str], where: object) -> ValueError:
    """Build the error for names that are not there; it lists those there and the nearest.

    Parameters
    ----------
    what
        What the names stand for, such as ``"class"``.
    given
        The names that were not found.
    known
        The names that are there.
    where
        The file or folder that was asked.

    Returns
    -------
    ValueError
        To be raised by the caller.

    Examples
    --------
    >>> print(unknown("class", ["dgo"], ["cat", "dog"], "photos"))
    unknown class 'dgo' in photos; there are cat, dog; did you mean 'dog'?
    """
    given = list(given)
    nearest = get_close_matches(given[0], known, n=1, cutoff=0.4)
    hint = f"; did you mean {nearest[0]!r}?" if nearest else ""
    listed = ", ".join(known) or "none"
    return ValueError(
        f"unknown {what} {', '.join(map(repr, given))} in {where}; there are {listed}{hint}"
    )


def first_few(names: Sequence[str], count: int = 3) -> str:
    """Write the first names of a long list.

    Examples
    --------
    >>> first_few(["a", "b", "c", "d"])
    'a, b, c, ...'
    """
    return ", ".join([*names[:count], *(["..."] if len(names) > count else [])])


def warn_or_stop(message: str, *, strict: bool) -> None:
    """Warn in one line, or raise the same line when ``strict``.

    Raises
    ------
    ValueError
        With ``message``, when ``strict``.
    """
    if strict:
        raise ValueError(message)
    logger.warning(message)
