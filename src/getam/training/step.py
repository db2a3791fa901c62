"""One training step: image-level labels in, losses out. Reads like the paper's figure 2."""

from dataclasses import dataclass
from typing import NamedTuple

from torch import Tensor, nn
from torch.nn.functional import interpolate

from getam.data import Batch
from getam.network import Network
from getam.pseudo_label import Labeller, PseudoLabels
from getam.training.losses import (
    at_size,
    classification_loss,
    energy_loss,
    saliency_loss,
    segmentation_loss,
)


@dataclass(frozen=True)
class LossWeights:
    """What each loss counts in the sum; 0 leaves it out and costs nothing."""

    classification: float = 1.0
    segmentation: float = 1.0
    saliency: float = 0.0
    energy: float = 0.0


class StepOutput(NamedTuple):
    """Losses of a step by name, ``total`` among them, and what a picture of it needs."""

    losses: dict[str, Tensor]
    class_logits: Tensor  # [B, C]
    pseudo: PseudoLabels | None = None
    mask_logits: Tensor | None = None  # [B, C + 1, h, w]


class Step(nn.Module):
    """A network with what turns a batch into losses.

    It is a module, so that whatever wraps it (several devices, mixed precision) sees a whole step
    as one forward pass and synchronises the gradients of both phases.

    Parameters
    ----------
    network
        The network to train.
    labeller
        Makes the pseudo labels of the second phase.
    weights
        What each loss counts.
    """

    def __init__(self, network: Network, labeller: Labeller, weights: LossWeights) -> None:
        super().__init__()
        self.network = network
        self.labeller = labeller
        self.weights = weights

    def forward(self, batch: Batch, *, joint: bool) -> StepOutput:
        """Second phase if ``joint``, else the first."""
        return self.joint(batch) if joint else self.classification(batch)

    def classification(self, batch: Batch) -> StepOutput:
        """First phase: the classifier alone; the decoder does not run."""
        class_logits = self.network.class_logits(self.network.normalise(batch.image))
        loss = classification_loss(class_logits, batch.labels)
        return StepOutput({"classification": loss, "total": loss}, class_logits)

    def joint(self, batch: Batch) -> StepOutput:
        """Second phase: one forward pass serves the maps, the pseudo labels and every loss."""
        with self.labeller.recorder() as recorder:
            features = self.network.forward_features(self.network.normalise(batch.image))
            class_logits = self.network.classify(features)
        pseudo = self.labeller(
            recorder,
            class_logits,
            image=batch.image,
            labels=batch.labels,
            grid=features.grid,
            saliency=batch.saliency,
            valid=batch.valid,
        )
        mask_logits = self.network.segment(features)
        losses = joint_losses(mask_logits, class_logits, pseudo.label, batch, self.weights)
        return StepOutput(losses, class_logits, pseudo, mask_logits)


def joint_losses(
    mask_logits: Tensor, class_logits: Tensor, label: Tensor, batch: Batch, weights: LossWeights
) -> dict[str, Tensor]:
    """Every loss with a weight, by name, and their weighted sum ``total``."""
    size = (mask_logits.shape[-2], mask_logits.shape[-1])
    label, valid = at_size(label, size), at_size(batch.valid, size)
    losses = {
        "classification": classification_loss(class_logits, batch.labels),
        "segmentation": segmentation_loss(mask_logits, label),
    }
    if weights.saliency and batch.saliency is not None:
        losses["saliency"] = saliency_loss(mask_logits, at_size(batch.saliency, size), valid)
    if weights.energy:
        image = interpolate(batch.image.float(), size, mode="bilinear", align_corners=False)
        losses["energy"] = energy_loss(mask_logits, image, valid, label)
    total = sum(getattr(weights, name) * loss for name, loss in losses.items())
    return {**losses, "total": total}
