"""This module reads the photos of a source as a model sees them."""

from collections.abc import Iterator

from getam.data import Batch, Source, photo_loader
from getam.model.model import Model
from getam.network import patch_stride


def photos_for(model: Model, source: Source, *, workers: int | None = None) -> Iterator[Batch]:
    """Yield the photos one by one, on the model's device.

    A photo comes at the long side of the model's view, in whole patches, with its aspect ratio.
    """
    return iter(photo_loader(source, workers=workers, device=model.device, **size_for(model)))


def size_for(model: Model) -> dict[str, int]:
    """Return the arguments of a loader that make photos as large as the model sees them."""
    return {"long_side": model.view.long_side, "multiple": patch_stride(model.network.backbone)}
