"""These parts of the loss are those of GETAM itself (Sun et al., arXiv 2112.02841)."""

from collections.abc import Callable

from torch import Tensor
from torch.nn.functional import interpolate

from getam.training.losses import (
    at_size,
    classification_loss,
    energy_loss,
    saliency_loss,
    segmentation_loss,
)
from getam.training.parts.part_input import PartInput, Seen
from getam.training.saliency_target import SaliencyTarget


def classification(seen: Seen) -> Tensor:
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


def saliency(target: SaliencyTarget) -> Callable[[PartInput], Tensor]:
    """Return the part that asks the masks for what a saliency target says."""

    def part(seen: PartInput) -> Tensor:
        assert seen.batch.saliency is not None  # train() refuses the part without saliency maps
        wanted, counted = target(seen.batch.saliency, seen.batch, seen.pseudo)
        size = seen.size
        return saliency_loss(seen.mask_logits, at_size(wanted, size), at_size(counted, size))

    return part
