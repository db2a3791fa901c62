"""A sight is what a network saw in one photo; it is drawn as pictures of the photo's size."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from PIL import Image
from torch import Tensor

from getam.report import blend, colours_of, overlay
from getam.vocabulary import IGNORE

MAP, PSEUDO_LABEL, MASK = "map", "pseudo label", "mask"


@dataclass(frozen=True)
class Key:
    """A key explains a colour: one line of the legend.

    Attributes
    ----------
    name
        Name of the class, or what the colour means.
    colour
        As ``#rrggbb``, or "" where the class has no colour.
    probability
        How likely the photo shows the class, 0..1, or None.
    """

    name: str
    colour: str = ""
    probability: float | None = None


@dataclass(frozen=True)
class Sight:
    """A sight holds the maps and masks of one photo, and what their values mean.

    Attributes
    ----------
    photo
        RGB, the part that the network saw, H x W pixels.
    probabilities
        By class name: how likely the photo shows the class, 0..1.
    maps
        By the names of the classes that are shown, float32 [h, w] in 0..1.
    masks
        "pseudo label" and "mask", uint8 [H, W]: 0 background, 255 undecided, otherwise the value of
        a class in mask files. Empty for a classifier, which makes none.
    values
        The value of every class in mask files, by its name.
    """

    photo: Image.Image
    probabilities: Mapping[str, float]
    maps: Mapping[str, Tensor]
    masks: Mapping[str, Tensor]
    values: Mapping[str, int]

    def legend(self) -> Sequence[Key]:
        """Return a key for every class that is shown and for every colour in the masks."""
        found = {int(value) for mask in self.masks.values() for value in mask.unique()}
        if not self.masks:
            return [Key(name, "", self.probabilities.get(name)) for name in self.maps]
        names = {
            value: name
            for name, value in self.values.items()
            if name in self.maps or value in found
        }
        colours = colours_of(names)
        keys = [Key(name, colours[name], self.probabilities.get(name)) for name in names.values()]
        undecided = Key("undecided", colours_of({IGNORE: "undecided"})["undecided"])
        return [*keys, *([undecided] if IGNORE in found else [])]


def draw(sight: Sight, map_of: str, *, opacity: float) -> dict[str, Image.Image]:
    """Lay the map of one class, the pseudo label and the mask over the photo.

    Parameters
    ----------
    sight
        The sight, which holds what was found on the photo.
    map_of
        The class whose map is drawn.
    opacity
        Weight of the colours, 0..1.

    Returns
    -------
    dict
        "map", "pseudo label" and "mask" to RGB pictures of the photo's size; of a classifier
        "map" alone.

    Raises
    ------
    ValueError
        If there is no map of the class, or if the opacity lies outside 0..1.
    """
    if map_of not in sight.maps:
        known = ", ".join(sight.maps)
        raise ValueError(f"map_of must be one of {known}, got {map_of!r}")
    pictures = {MAP: overlay(sight.photo, sight.maps[map_of], alpha=opacity)}
    for title, mask in sight.masks.items():
        pictures[title] = blend(sight.photo, mask, alpha=opacity)
    return pictures
