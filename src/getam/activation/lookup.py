"""An attribution method is found by its name, among ours or the entry points of packages."""

from importlib.metadata import entry_points

from getam.activation.methods import METHODS, Method

GROUP = "getam.methods"


def lookup_method(method: str) -> Method:
    """Return the method of a name.

    Parameters
    ----------
    method
        A name in :data:`METHODS`, or one that an installed package gives to a :class:`Method` or
        to a formula in its entry-point group ``getam.methods``. Ours win.

    Raises
    ------
    ValueError
        If there is no such name (the message lists those there are) or its package fails.
    """
    if method in METHODS:
        return METHODS[method]
    others = entry_points(group=GROUP)
    if method not in others.names:
        raise ValueError(f"method must be one of {', '.join(method_names())}, got {method!r}")
    try:
        found = others[method].load()
    except Exception as error:  # whatever another package raises when it is imported
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
        raise ValueError(
            f"method {method!r} cannot be loaded from the entry point {others[method].value} "
            f"({reason}): mend or remove its package"
        ) from error
    return found if isinstance(found, Method) else Method(found)


def method_names() -> list[str]:
    """List every name that :func:`lookup_method` knows, ours first, then those of packages."""
    return list(dict.fromkeys([*METHODS, *sorted(entry_points(group=GROUP).names)]))
