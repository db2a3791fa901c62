"""A provider makes saliency maps and says where they come from."""

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from getam.network import Network


@dataclass(frozen=True)
class About:
    """This is what a run records about the origin of its saliency maps.

    Attributes
    ----------
    provider
        The name of the provider.
    version
        Whatever the maps depend on besides the photo: version of a package, weights, settings.
    licence
        The licence of the weights, or of the code if there are none.
    trained_with_masks
        Whether a network was trained with masks to make the maps. Results then rest on more than
        image-level labels.
    """

    provider: str
    version: str
    licence: str
    trained_with_masks: bool


@dataclass(frozen=True)
class Provider:
    """A provider turns one photo into a saliency map.

    Attributes
    ----------
    about
        The origin of the maps.
    find
        The function that takes a photo, uint8 [3, H, W], RGB, and returns its map, float
        [h, w] in 0..1 of any size. Objects are above 0.5.
    """

    about: About
    find: Callable[[Tensor], Tensor]


Maker = Callable[[Callable[[], Network]], Provider]
"""Makes a provider. Its argument is a function that returns the network whose features the provider
may use; a provider with weights of its own need not call it."""
