"""This module labels photos by their tags, with a trained network and no training step."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import torch
from PIL import Image
from torch import Tensor
from torch.nn.functional import interpolate
from torchvision.transforms.v2 import functional

from getam.activation import (
    divide_as_released,
    enlarge_aligning_corners,
    enlarge_aligning_edges,
)
from getam.data import Batch, Sample, Source, collate, resize_long_side, upright_rgb
from getam.inference.side_by_side import for_each_photo
from getam.model import Model, label
from getam.network import patch_stride


@dataclass(frozen=True)
class LabelledPhoto:
    """A labelled photo holds everything the labeller made of it, at the network's size H x W.

    Attributes
    ----------
    id
        The id of its record.
    size
        Height and width of the photo on disk.
    image
        uint8 [3, H, W].
    classes
        The K present class indices.
    activation_maps
        float32 [K, H, W] in 0..1, enlarged bilinearly.
    refined_maps
        float32 [K, H, W] in 0..1.
    label
        int64 [H, W]: 0 background, class + 1, 255 undecided.
    """

    id: str
    size: tuple[int, int]
    image: Tensor
    classes: list[int]
    activation_maps: Tensor
    refined_maps: Tensor
    label: Tensor

    def maps_at_photo_size(self, maps: Tensor) -> Tensor:
        """Enlarge maps [K, H, W] to the photo's own size."""
        return enlarge_aligning_edges(maps, self.size)

    def label_at_photo_size(self) -> Tensor:
        """Return the pseudo label at the photo's own size, uint8."""
        return interpolate(self.label[None, None].float(), self.size, mode="nearest")[0, 0].byte()


def label_photos(
    model: Model, source: Source, *, workers: int | None = None
) -> Iterator[LabelledPhoto]:
    """Label the photos of a source one by one, in its order, by their image-level labels.

    Whoever does not use up the generator closes it; until then torch has fewer threads.

    Parameters
    ----------
    model
        Network, labeller and input size.
    source
        The photos; its classes must be the network's, in the same order.
    workers
        Number of processes that read photos.
    """
    yield from for_each_photo(partial(label_batch, model), model, source, workers=workers)


def label_photo(model: Model, photo: Image.Image | Tensor, classes: Sequence[int]) -> LabelledPhoto:
    """Label one photo that is at hand, as :func:`label_photos` labels those of a source.

    Parameters
    ----------
    model
        Network, labeller and input size.
    photo
        A picture of any size and mode, or uint8 [3, H, W], RGB in 0..255.
    classes
        Indices of the classes that the photo shows.
    """
    image = photo if isinstance(photo, Tensor) else functional.pil_to_tensor(upright_rgb(photo))
    size = (image.shape[-2], image.shape[-1])
    labels = torch.zeros(len(model.classes))
    labels[list(classes)] = 1
    sample = Sample(
        id="photo",
        image=image,
        labels=labels,
        known=torch.ones(len(labels), dtype=torch.bool),
        saliency=None,
        valid=torch.ones(size, dtype=torch.bool),
        size=size,
    )
    patch = patch_stride(model.network.backbone)
    sample = resize_long_side(sample, model.view.long_side, multiple=patch)
    return label_batch(model, collate([sample]).to(model.device))


@torch.inference_mode(False)
def label_batch(model: Model, batch: Batch) -> LabelledPhoto:
    """Label a batch of one photo; the caller may be in no_grad or inference_mode."""
    with torch.no_grad():
        _, pseudo = label(model.network, model.labeller, batch)
    raw = enlarge_aligning_corners(pseudo.activation_maps, batch.image.shape[-2:])
    return LabelledPhoto(
        id=batch.ids[0],
        size=batch.sizes[0],
        image=batch.image[0],
        classes=pseudo.classes[0],
        activation_maps=divide_as_released(raw[0]),
        refined_maps=pseudo.refined_maps[0],
        label=pseudo.label[0],
    )
