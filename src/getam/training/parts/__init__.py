"""The loss is a sum of parts, by name; each says what one term asks of a step.

A new part is one function in a file of its own, or a module with parameters of its own, and one
line in ``PARTS``.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from torch import Tensor

from getam.network import Network
from getam.training import saliency_target
from getam.training.parts.auxiliary import Auxiliary, auxiliary
from getam.training.parts.class_tokens import (
    ClassTokenContrast,
    ClassTokens,
    PatchMaps,
    patch_maps,
)
from getam.training.parts.crop_contrast import CropContrast
from getam.training.parts.deep_attention import deep_attention, deep_attention_by_entropy
from getam.training.parts.foreground_contrast import ForegroundContrast
from getam.training.parts.learnt_affinity import LearntAffinity
from getam.training.parts.map_correlation import MapCorrelation
from getam.training.parts.mirror_consistency import mirror_consistency, mirrored_classification
from getam.training.parts.mirrored_tiles import MirroredTiles
from getam.training.parts.own import classification, energy, saliency, segmentation
from getam.training.parts.part_input import Look, PartInput, Seen
from getam.training.parts.patch_contrast import PatchContrast
from getam.training.parts.prototype_terms import RegionPrototypes

Part = Callable[[Any], Tensor]
"""A part turns what a step made into a scalar. A part with parameters is a module.

It takes a :class:`PartInput`; one that runs from the start takes a :class:`Seen`."""


Read = Literal["attention", "outputs", "views"]


@dataclass(frozen=True)
class PartKind:
    """A part of the loss is described before it is made.

    Attributes
    ----------
    make
        Takes the network, and the parts that were made before by their names. Raises a ValueError
        of one line if one of them, or something of the network, is missing.
    reads
        What is kept for it: "attention" of every block, and "outputs" of every block. "views" says
        that it runs the network on other views of the photos.
    from_start
        Whether it can run in the first phase, too.
    """

    make: Callable[[Network, Mapping[str, Part]], Part]
    reads: frozenset[Read] = frozenset()
    from_start: bool = False


ATTENTION: frozenset[Read] = frozenset({"attention"})
OUTPUTS: frozenset[Read] = frozenset({"outputs"})
VIEWS: frozenset[Read] = frozenset({"views"})

PARTS: dict[str, PartKind] = {
    "classification": PartKind(lambda _network, _others: classification, from_start=True),
    "segmentation": PartKind(lambda _network, _others: segmentation),
    "saliency": PartKind(lambda _network, _others: saliency(saliency_target.paper)),
    "saliency_released": PartKind(lambda _network, _others: saliency(saliency_target.released)),
    "energy": PartKind(lambda _network, _others: energy),
    "affinity": PartKind(lambda network, _others: LearntAffinity.of(network), ATTENTION),
    "mirror_consistency": PartKind(
        lambda _network, _others: mirror_consistency, ATTENTION | VIEWS, from_start=True
    ),
    "mirrored_classification": PartKind(
        lambda _network, _others: mirrored_classification, VIEWS, from_start=True
    ),
    "deep_attention": PartKind(lambda _network, _others: deep_attention, ATTENTION),
    "deep_attention_by_entropy": PartKind(
        lambda _network, _others: deep_attention_by_entropy, ATTENTION
    ),
    "class_tokens": PartKind(
        lambda network, _others: ClassTokens(network), OUTPUTS, from_start=True
    ),
    "class_token_contrast": PartKind(
        lambda network, _others: ClassTokenContrast(network), OUTPUTS, from_start=True
    ),
    "patch_maps": PartKind(lambda network, _others: PatchMaps.of(network), from_start=True),
    "foreground_contrast": PartKind(
        lambda _network, others: ForegroundContrast(
            patch_maps(others, asked="foreground_contrast")
        ),
        from_start=True,
    ),
    "auxiliary": PartKind(
        lambda network, _others: Auxiliary.of(network), OUTPUTS | VIEWS, from_start=True
    ),
    "patch_contrast": PartKind(
        lambda _network, others: PatchContrast(auxiliary(others, asked="patch_contrast")),
        OUTPUTS | VIEWS,
        from_start=True,
    ),
    "crop_contrast": PartKind(
        lambda network, others: CropContrast(
            network.backbone.embed_dim, auxiliary(others, asked="crop_contrast")
        ),
        OUTPUTS | VIEWS,
        from_start=True,
    ),
    "region_prototypes": PartKind(
        lambda network, others: RegionPrototypes(
            network.backbone.embed_dim,
            network.num_classes,
            auxiliary(others, asked="region_prototypes"),
        ),
        OUTPUTS | VIEWS,
        from_start=True,
    ),
    "map_correlation": PartKind(lambda network, _others: MapCorrelation(network), VIEWS),
    "mirrored_tiles": PartKind(
        lambda network, _others: MirroredTiles(network), VIEWS, from_start=True
    ),
}
"""Every part by its name."""

__all__ = ["PARTS", "Look", "Part", "PartInput", "PartKind", "Seen"]
