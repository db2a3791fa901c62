"""One training step: image-level labels in, losses out. Reads like the paper's figure 2."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from getam.data import Batch
from getam.model import classify, label
from getam.network import Network
from getam.pseudo_label import Labeller, PseudoLabels
from getam.training.losses import (
    at_size,
    classification_loss,
    energy_loss,
    saliency_loss,
    segmentation_loss,
)
from getam.training.saliency_target import SALIENCY_TARGETS, SaliencyTarget


@dataclass(frozen=True)
class LossWeights:
    """What each loss counts in the sum; 0 leaves it out and costs nothing."""

    classification: float = 1.0
    segmentation: float = 1.0
    saliency: float = 0.0
    energy: float = 0.0


PADDING: dict[str, Callable[[Tensor], Tensor]] = {
    "ignored": lambda valid: valid,
    "background": torch.ones_like,
}
"""Name to the function from ``valid`` to where a pseudo label counts: beyond the photo or not."""


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
    saliency_target
        A name of ``SALIENCY_TARGETS``.
    padding
        A name of ``PADDING``: what is beyond the photo counts for nothing, or is learnt.
    tag_weight
        How much the class logits count in masks, as in prediction: the decoder learns where things
        are, and what they are as far as the classifier leaves it open.
    """

    def __init__(
        self,
        network: Network,
        labeller: Labeller,
        weights: LossWeights,
        *,
        saliency_target: str = "paper",
        padding: str = "ignored",
        tag_weight: float = 0.0,
    ) -> None:
        super().__init__()
        self.network = network
        self.labeller = labeller
        self.weights = weights
        self.saliency_target = SALIENCY_TARGETS[saliency_target]
        self.labelled = PADDING[padding]
        self.tag_weight = tag_weight

    def forward(self, batch: Batch, *, joint: bool) -> StepOutput:
        """Second phase if ``joint``, else the first."""
        return self.joint(batch) if joint else self.classification(batch)

    def classification(self, batch: Batch) -> StepOutput:
        """First phase: the classifier alone; the decoder does not run."""
        class_logits = classify(self.network, batch.image).class_logits
        loss = classification_loss(class_logits, batch.labels, batch.known)
        return StepOutput({"classification": loss, "total": loss}, class_logits)

    def joint(self, batch: Batch) -> StepOutput:
        """Second phase: one forward pass serves the maps, the pseudo labels and every loss."""
        labelled = self.labelled(batch.valid)
        trunk, pseudo = label(self.network, self.labeller, batch, labelled=labelled)
        mask_logits = trunk.segment(tag_weight=self.tag_weight)
        losses = joint_losses(
            mask_logits, trunk.class_logits, pseudo, batch, self.weights, self.saliency_target
        )
        return StepOutput(losses, trunk.class_logits, pseudo, mask_logits)


def joint_losses(
    mask_logits: Tensor,
    class_logits: Tensor,
    pseudo: PseudoLabels,
    batch: Batch,
    weights: LossWeights,
    saliency_target: SaliencyTarget,
) -> dict[str, Tensor]:
    """Every loss with a weight, by name, and their weighted sum ``total``."""
    size = (mask_logits.shape[-2], mask_logits.shape[-1])
    label, valid = at_size(pseudo.label, size), at_size(batch.valid, size)
    losses = {
        "classification": classification_loss(class_logits, batch.labels, batch.known),
        "segmentation": segmentation_loss(mask_logits, label),
    }
    if weights.saliency and batch.saliency is not None:
        target, counted = saliency_target(batch.saliency, batch, pseudo)
        losses["saliency"] = saliency_loss(
            mask_logits, at_size(target, size), at_size(counted, size)
        )
    if weights.energy:
        image = interpolate(batch.image.float(), size, mode="bilinear", align_corners=False)
        losses["energy"] = energy_loss(mask_logits, image, valid, label)
    total = sum(getattr(weights, name) * loss for name, loss in losses.items())
    return {**losses, "total": total}
