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
class Joint:
    """A joint value holds what a joint step made of a batch before any loss is taken.

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


Part = Callable[[Joint], Tensor]
"""A joint step to a scalar. A part with parameters is a module, whose ``forward`` this is."""


def classification(joint: Joint) -> Tensor:
    """Ask the class logits for the tags."""
    return classification_loss(joint.class_logits, joint.batch.labels, joint.batch.known)


def segmentation(joint: Joint) -> Tensor:
    """Ask the masks for the pseudo label."""
    return segmentation_loss(joint.mask_logits, at_size(joint.pseudo.label, joint.size))


def energy(joint: Joint) -> Tensor:
    """Ask the masks to change only where the photo does."""
    image = interpolate(joint.batch.image.float(), joint.size, mode="bilinear", align_corners=False)
    valid, label = (at_size(t, joint.size) for t in (joint.batch.valid, joint.pseudo.label))
    stride = joint.batch.image.shape[-1] / joint.size[1]
    return energy_loss(joint.mask_logits, image, valid, label, stride=stride)


def saliency(target: SaliencyTarget) -> Part:
    """Return the part that asks the masks for what a saliency target says."""

    def part(joint: Joint) -> Tensor:
        assert joint.batch.saliency is not None  # train() refuses the part without saliency maps
        wanted, counted = target(joint.batch.saliency, joint.batch, joint.pseudo)
        size = joint.size
        return saliency_loss(joint.mask_logits, at_size(wanted, size), at_size(counted, size))

    return part


PARTS: dict[str, Callable[[Network], Part]] = {
    "classification": lambda _network: classification,
    "segmentation": lambda _network: segmentation,
    "saliency": lambda _network: saliency(saliency_target.paper),
    "saliency_released": lambda _network: saliency(saliency_target.released),
    "energy": lambda _network: energy,
}
"""The name of every part, and the function that makes it for a network."""
