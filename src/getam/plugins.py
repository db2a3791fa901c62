"""A plug-in is what an installed package adds to getam, by an entry point of a group of ours."""

from collections.abc import Callable, Sequence
from importlib.metadata import entry_points
from typing import Any


def plugin_names(group: str) -> list[str]:
    """List the names of a group that installed packages give, in the order of the alphabet."""
    return sorted(entry_points(group=group).names)


def load_plugin(
    group: str,
    name: str,
    *,
    kind: str,
    known: Sequence[str],
    use: Callable[[Any], Any] = lambda found: found,
) -> Any:
    """Return what an installed package gives to a name.

    Parameters
    ----------
    group
        The group of entry points, such as "getam.methods".
    name
        The name that the user asked for.
    kind
        What the name stands for, such as "method". The messages begin with it.
    known
        Every name that may be asked for, which the message lists.
    use
        A function of what the package gives. Its result is returned, and an error in it counts as
        one of the package.

    Raises
    ------
    ValueError
        If there is no such name, or if the package fails.
    """
    others = entry_points(group=group)
    if name not in others.names:
        raise ValueError(f"{kind} must be one of {', '.join(known)}, got {name!r}")
    try:
        return use(others[name].load())
    except Exception as error:  # whatever another package raises
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
        raise ValueError(
            f"{kind} {name!r} cannot be loaded from the entry point {others[name].value} "
            f"({reason}): mend or remove its package"
        ) from error
