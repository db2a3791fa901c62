"""The loss is a sum of parts, by name; each says what one term asks of a joint step.

A new part is one function here, or a module with parameters of its own, and one line in ``PARTS``.
"""

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor
from torch.nn.functional import interpolate

from getam.data import Batch
from getam.network import Network
from getam.pseudo_label import PseudoLabels
from getam.training import saliency_target
from getam.training.losses import (
    at_size,
    classification_loss,
    energy_loss,
    saliency_loss,
    segmentation_loss,
)
from getam.training.saliency_target import SaliencyTarget


@dataclass(frozen=True)
class PartInput:
    """A part of the loss reads what a joint step made of a batch.

    Attributes
    ----------
    batch
        The photos with what is known about them.
    class_logits
        [B, C].
    pseudo
        Maps and pseudo labels, without gradient.
    mask_logits
        [B, C + 1, h, w], weighed by the tags.
    """

    batch: Batch
    class_logits: Tensor
    pseudo: PseudoLabels
    mask_logits: Tensor

    @property
    def size(self) -> tuple[int, int]:
        """Return the height and width of the mask logits."""
        return self.mask_logits.shape[-2], self.mask_logits.shape[-1]


Part = Callable[[PartInput], Tensor]
"""A part turns what a joint step made into a scalar. A part with parameters is a module."""


def classification(seen: PartInput) -> Tensor:
    """Ask the class logits for the tags."""
    return classification_loss(seen.class_logits, seen.batch.labels, seen.batch.known)


def segmentation(seen: PartInput) -> Tensor:
    """Ask the masks for the pseudo label."""
    return segmentation_loss(seen.mask_logits, at_size(seen.pseudo.label, seen.size))


def energy(seen: PartInput) -> Tensor:
    """Ask the masks to change only where the photo does."""
    image = interpolate(seen.batch.image.float(), seen.size, mode="bilinear", align_corners=False)
    valid, label = (at_size(t, seen.size) for t in (seen.batch.valid, seen.pseudo.label))
    stride = seen.batch.image.shape[-1] / seen.size[1]
    return energy_loss(seen.mask_logits, image, valid, label, stride=stride)


def saliency(target: SaliencyTarget) -> Part:
    """Return the part that asks the masks for what a saliency target says."""

    def part(seen: PartInput) -> Tensor:
        assert seen.batch.saliency is not None  # train() refuses the part without saliency maps
        wanted, counted = target(seen.batch.saliency, seen.batch, seen.pseudo)
        size = seen.size
        return saliency_loss(seen.mask_logits, at_size(wanted, size), at_size(counted, size))

    return part


PARTS: dict[str, Callable[[Network], Part]] = {
    "classification": lambda _network: classification,
    "segmentation": lambda _network: segmentation,
    "saliency": lambda _network: saliency(saliency_target.paper),
    "saliency_released": lambda _network: saliency(saliency_target.released),
    "energy": lambda _network: energy,
}
"""The name of every part, and the function that makes it for a network."""
