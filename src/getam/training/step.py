"""A training step turns image-level labels into losses; it reads like figure 2 of the paper."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import torch
from torch import Tensor, nn

from getam.data import Batch
from getam.model import LabelSource, classify, label
from getam.network import Network
from getam.pseudo_label import PseudoLabels
from getam.training.losses import classification_loss
from getam.training.parts import PARTS, PartInput

PADDING: dict[str, Callable[[Tensor], Tensor]] = {
    "ignored": lambda valid: valid,
    "background": torch.ones_like,
}
"""Each takes ``valid`` and returns where a pseudo label counts: in the photo, or everywhere."""


class StepOutput(NamedTuple):
    """A step returns losses by name, ``total`` among them, and what a picture of it needs."""

    losses: dict[str, Tensor]
    class_logits: Tensor  # [B, C]
    pseudo: PseudoLabels | None = None
    mask_logits: Tensor | None = None  # [B, C + 1, h, w]


class Step(nn.Module):
    """A step holds a network and everything that turns a batch into losses.

    It is a module, so that whatever wraps it (several devices, mixed precision) sees a whole step
    as one forward pass and synchronises the gradients of both phases.

    Parameters
    ----------
    network
        The network to train.
    label_source
        What makes the pseudo labels of the second phase.
    weights
        The weight of each part of the loss, by its name in ``PARTS``. A part of weight 0 is left
        out and costs nothing; "classification" is always there.
    padding
        A name of ``PADDING``: what is beyond the photo counts for nothing, or is learnt.
    tag_weight
        How much the class logits count in masks, as in prediction: the decoder learns where things
        are, and what they are as far as the classifier leaves it open.
    """

    def __init__(
        self,
        network: Network,
        label_source: LabelSource,
        weights: Mapping[str, float],
        *,
        padding: str = "ignored",
        tag_weight: float = 0.0,
    ) -> None:
        super().__init__()
        self.network = network
        self.label_source = label_source
        self.weights = {name: weight for name, weight in weights.items() if weight}
        self.parts = {name: PARTS[name](network) for name in self.weights}
        self.owned = nn.ModuleList(p for p in self.parts.values() if isinstance(p, nn.Module))
        self.labelled = PADDING[padding]
        self.tag_weight = tag_weight

    def forward(self, batch: Batch, *, joint: bool) -> StepOutput:
        """Make a step of the second phase if ``joint``, otherwise one of the first."""
        return self.joint(batch) if joint else self.classification(batch)

    def classification(self, batch: Batch) -> StepOutput:
        """Make a step of the first phase: the classifier learns alone, the decoder does not run."""
        class_logits = classify(self.network, batch.image).class_logits
        loss = classification_loss(class_logits, batch.labels, batch.known)
        total = self.weights["classification"] * loss
        return StepOutput({"classification": loss, "total": total}, class_logits)

    def joint(self, batch: Batch) -> StepOutput:
        """Make a step of the second phase: one forward pass serves maps, labels and losses."""
        labelled = self.labelled(batch.valid)
        trunk, pseudo = label(self.network, self.label_source, batch, labelled=labelled)
        mask_logits = trunk.segment(tag_weight=self.tag_weight)
        losses = self.losses(PartInput(batch, trunk.class_logits, pseudo, mask_logits))
        return StepOutput(losses, trunk.class_logits, pseudo, mask_logits)

    def losses(self, seen: PartInput) -> dict[str, Tensor]:
        """Return every part of the loss by name, and their weighted sum ``total``."""
        losses = {name: part(seen) for name, part in self.parts.items()}
        total = torch.stack([self.weights[name] * loss for name, loss in losses.items()]).sum()
        return {**losses, "total": total}
