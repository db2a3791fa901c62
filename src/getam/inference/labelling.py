"""Photos with tags to maps and pseudo labels, with a trained network and no training step."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from getam.activation import (
    divide_as_released,
    enlarge_aligning_corners,
    enlarge_aligning_edges,
)
from getam.crf import PRESETS, dense_crf
from getam.data import Batch, Source, photo_loader
from getam.inference.model import Model
from getam.inference.tags import weigh_by_tags
from getam.network.backbone import patch_stride


@dataclass(frozen=True)
class LabelledPhoto:
    """One photo with everything the labeller made of it, at the network's input size H x W.

    Attributes
    ----------
    id
        Of the record.
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
    mask_logits
        float32 [C + 1, H / 2, W / 2] of the same forward pass; [C + 1, H, W] after a dense CRF.
    """

    id: str
    size: tuple[int, int]
    image: Tensor
    classes: list[int]
    activation_maps: Tensor
    refined_maps: Tensor
    label: Tensor
    mask_logits: Tensor

    def maps_at_photo_size(self, maps: Tensor) -> Tensor:
        """Maps [K, H, W] at the photo's own size."""
        return enlarge_aligning_edges(maps, self.size)

    def label_at_photo_size(self) -> Tensor:
        """The pseudo label at the photo's own size, uint8."""
        return interpolate(self.label[None, None].float(), self.size, mode="nearest")[0, 0].byte()

    def mask_at_photo_size(self) -> Tensor:
        """The network's prediction at the photo's own size, uint8."""
        logits = interpolate(self.mask_logits[None], self.size, mode="bilinear")[0]
        return logits.argmax(0).byte()


def label_photos(
    model: Model, source: Source, *, workers: int | None = None
) -> Iterator[LabelledPhoto]:
    """Label the photos of a source one by one, in its order, by their image-level labels.

    Parameters
    ----------
    model
        Network, labeller and input size.
    source
        Its classes must be the network's, in the same order.
    workers
        Processes that read photos.
    """
    for batch in photos_for(model, source, workers=workers):
        yield label_batch(model, batch)


def photos_for(model: Model, source: Source, *, workers: int | None = None) -> Iterator[Batch]:
    """The photos of a source one by one, at the model's input size, on its device."""
    device = next(model.network.parameters()).device
    patch = patch_stride(model.network.backbone)
    loader = photo_loader(source, long_side=model.long_side, multiple=patch, workers=workers)
    return (batch.to(device) for batch in loader)


@torch.inference_mode(False)
def label_batch(model: Model, batch: Batch) -> LabelledPhoto:
    """Label a batch of one photo; the caller may be in no_grad or inference_mode."""
    network, labeller = model.network, model.labeller
    with torch.no_grad(), labeller.recorder() as recorder:
        features = network.forward_features(network.normalise(batch.image))
        class_logits = network.classify(features)
    pseudo = labeller(
        recorder,
        class_logits,
        image=batch.image,
        labels=batch.labels,
        grid=features.grid,
        saliency=batch.saliency,
        valid=batch.valid,
    )
    with torch.no_grad():
        mask_logits = network.segment(features).float()
        mask_logits = weigh_by_tags(mask_logits, class_logits.float(), model.tag_weight)
    if labeller.crf:
        likely = interpolate(mask_logits, batch.image.shape[-2:], mode="bilinear").softmax(1)
        mask_logits = dense_crf(likely, batch.image, **PRESETS["test"]).clamp_min(1e-6).log()
    raw = enlarge_aligning_corners(pseudo.activation_maps, batch.image.shape[-2:])
    return LabelledPhoto(
        id=batch.ids[0],
        size=batch.sizes[0],
        image=batch.image[0],
        classes=pseudo.classes[0],
        activation_maps=divide_as_released(raw[0]),
        refined_maps=pseudo.refined_maps[0],
        label=pseudo.label[0],
        mask_logits=mask_logits[0],
    )
