"""A label source says what the masks are taught; see :class:`getam.model.LabelSource`.

A new source is one function or class in a file of its own, and one line in ``LABEL_SOURCES``.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

from getam.model import LabelSource
from getam.network import Network
from getam.pseudo_label import Labeller
from getam.pseudo_label.par import aprm
from getam.pseudo_label.spread_labeller import SpreadLabeller
from getam.pseudo_label.spreads import SPREADS
from getam.pseudo_label.two_backgrounds import TwoBackgrounds
from getam.training.label_sources.changing import Changing, source_at
from getam.training.label_sources.class_maps import ClassMaps
from getam.training.label_sources.class_token_maps import ClassTokenMaps
from getam.training.label_sources.corrected import Corrected, lay_over
from getam.training.label_sources.walked import Walked
from getam.training.parts import Part
from getam.training.parts.class_tokens import patch_maps
from getam.training.parts.learnt_affinity import learnt_affinity

AnySource = LabelSource | Changing

SourceMaker = Callable[[Network, Mapping[str, Part]], AnySource]
"""A function from the network and the parts of the loss to a label source."""

AFA, TOCO = (0.35, 0.55), (0.25, 0.7)
"""The two backgrounds of these methods; AReAM has AFA's, TSD-CAM has ToCo's."""

WALK_FROM = 2 / 9
"""Share of the second phase at which AFA's labels begin to walk: (6000 - 2000) / (20,000 - 2000).

Its affinity learns from iteration 2000 of 20,000 on, and the labels walk from 6000 on.
"""


def afa(labeller: Labeller, _network: Network, parts: Mapping[str, Part]) -> AnySource:
    """Return AFA's source: labels of two backgrounds, which later walk along what is learnt."""
    first = SpreadLabeller(labeller, TwoBackgrounds(*AFA))
    return Changing(
        first, Walked(labeller, learnt_affinity(parts, asked="label_source afa"), *AFA), WALK_FROM
    )


LABEL_SOURCES: dict[str, Callable[[Labeller, Network, Mapping[str, Part]], AnySource]] = {
    "tags": lambda labeller, _network, _parts: labeller,
    "two_backgrounds": lambda labeller, _network, _parts: SpreadLabeller(
        labeller, TwoBackgrounds(*TOCO)
    ),
    "class_maps": lambda _labeller, network, _parts: ClassMaps(network, TwoBackgrounds(*TOCO)),
    "class_maps_aprm": lambda _labeller, network, _parts: ClassMaps(
        network, TwoBackgrounds(*TOCO, aprm)
    ),
    "two_backgrounds_aprm": lambda labeller, _network, _parts: SpreadLabeller(
        labeller, TwoBackgrounds(*TOCO, aprm)
    ),
    "afa": afa,
    "aream": lambda labeller, _network, _parts: SpreadLabeller(
        labeller, TwoBackgrounds(*AFA), SPREADS["shallow"]
    ),
    "aream_by_entropy": lambda labeller, _network, _parts: SpreadLabeller(
        labeller, TwoBackgrounds(*AFA), SPREADS["shallow_by_entropy"]
    ),
    "common_neighbours": lambda labeller, _network, _parts: SpreadLabeller(
        labeller, labeller.label, SPREADS["common_neighbours"]
    ),
    "mctformer": lambda labeller, network, parts: ClassTokenMaps(
        network, patch_maps(parts, asked="label_source mctformer"), labeller
    ),
}
"""Every label source by its name. A function takes the labeller, which labels by the tags alone,
the network and the parts of the loss, and raises a ValueError of one line if one is missing."""


def source_maker(
    name: str, labeller: Labeller, *, corrected: bool, joint_from: float = 0.0
) -> SourceMaker:
    """Return what makes the label source that photos are trained with, once there are parts.

    Parameters
    ----------
    name
        A name of ``LABEL_SOURCES``.
    labeller
        The labeller, which labels by the tags alone.
    corrected
        Whether corrected masks replace the labels of some photos.
    joint_from
        The share of the run at which the second phase begins. A source that changes does so at a
        share of this phase, because nothing of it was learnt before.
    """

    def make(network: Network, parts: Mapping[str, Part]) -> AnySource:
        made = LABEL_SOURCES[name](labeller, network, parts)
        if isinstance(made, Changing):
            made = replace(made, change=joint_from + (1 - joint_from) * made.change)
        if not corrected:
            return made
        if isinstance(made, Changing):
            return replace(made, first=Corrected(made.first), then=Corrected(made.then))
        return Corrected(made)

    return make


__all__ = [
    "LABEL_SOURCES",
    "AnySource",
    "Changing",
    "Corrected",
    "SourceMaker",
    "lay_over",
    "source_maker",
    "source_at",
]
