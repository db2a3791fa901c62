"""A map maker makes the maps of one labelled photo by several methods, and refines them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import torch
from torch import Tensor

from getam.activation import (
    Setting,
    activation_maps,
    divide_as_released,
    enlarge_aligning_corners,
    maps_of_settings,
    unit_range,
)
from getam.data import Batch, Source
from getam.explain.classifier import TagClassifier
from getam.model import Model, photos_for
from getam.pseudo_label import refine, resized


@dataclass(frozen=True)
class MapMaker:
    """A map maker takes batches of one photo.

    Attributes
    ----------
    model
        The trained network; its labeller says how to refine.
    affinity
        As :func:`getam.activation_maps`, for every setting.
    """

    model: Model
    affinity: int = 0

    @cached_property
    def classifier(self) -> TagClassifier:
        """Return the network without its decoder."""
        return TagClassifier(self.model.network).eval()

    def labelled_batches(self, source: Source) -> Iterator[Batch]:
        """Return batches of those photos that show a class.

        Raises
        ------
        ValueError
            If there is none.
        """
        records = tuple(record for record in source.records if record.labels)
        if not records:
            raise ValueError(f"no photo of {source.name} has a label to make a map of")
        return photos_for(self.model, replace(source, records=records), workers=0)

    def image(self, batch: Batch) -> Tensor:
        """Return the photo [1, 3, H, W] as the network takes it."""
        return self.model.network.normalise(batch.image)

    def alone(self, batch: Batch, setting: Setting) -> Tensor:
        """Make maps [1, K, h, w] of the photo's K classes by one setting, as anybody makes them."""
        (maps,) = activation_maps(
            self.classifier,
            self.image(batch),
            classes=batch.classes,
            method=setting.method,
            first_block=setting.first_block,
            affinity=self.affinity,
        )
        return unit_range(maps[None])

    def together(self, batch: Batch, settings: Sequence[Setting]) -> Tensor:
        """Make maps [S, K, h, w] in 0..1 of the photo's K classes by S settings; K may be 0."""
        by_setting = maps_of_settings(
            self.classifier,
            self.image(batch),
            classes=batch.classes,
            settings=settings,
            affinity=self.affinity,
        )
        return unit_range(torch.stack([maps for (maps,) in by_setting]))

    def refined(self, batch: Batch, maps: Tensor) -> Tensor:
        """Refine maps [S, K, h, w] as the labeller does, all by one weighing of the pixels."""
        labeller = self.model.labeller
        small = resized(batch.image.float(), labeller.scale)
        flat = refine(maps.flatten(0, 1)[None], small, iterations=labeller.iterations)[0]
        return divide_as_released(flat).unflatten(0, maps.shape[:2])

    def unrefined(self, batch: Batch, maps: Tensor) -> Tensor:
        """Enlarge maps [S, K, h, w] to the photo, corners aligned as in refinement."""
        return enlarge_aligning_corners(maps, batch.image.shape[-2:])
