"""Find an attribution method by its name: one of ours, or another package's by entry point."""

from importlib.metadata import entry_points

from getam.activation.methods import METHODS, Method

GROUP = "getam.methods"


def lookup_method(method: str) -> Method:
    """The method of a name.

    Parameters
    ----------
    method
        A name in :data:`METHODS`, or one that an installed package gives to a :class:`Method` or
        to a formula in its entry-point group ``getam.methods``. Ours win.

    Raises
    ------
    ValueError
        If there is no such name; the message lists those there are.
    """
    if method in METHODS:
        return METHODS[method]
    others = entry_points(group=GROUP)
    if method not in others.names:
        raise ValueError(f"method must be one of {', '.join(method_names())}, got {method!r}")
    found = others[method].load()
    return found if isinstance(found, Method) else Method(found)


def method_names() -> list[str]:
    """Every name :func:`lookup_method` knows: ours first, then those of other packages."""
    return list(dict.fromkeys([*METHODS, *sorted(entry_points(group=GROUP).names)]))
