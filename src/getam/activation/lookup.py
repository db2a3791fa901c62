"""An attribution method is found by its name, among ours or the entry points of packages."""

from getam.activation.methods import METHODS, Method
from getam.plugins import load_plugin, plugin_names

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
    found = load_plugin(GROUP, method, kind="method", known=method_names())
    return found if isinstance(found, Method) else Method(found, reads="all_gradients")


def method_names() -> list[str]:
    """List every name that :func:`lookup_method` knows, ours first, then those of packages."""
    return list(dict.fromkeys([*METHODS, *plugin_names(GROUP)]))
