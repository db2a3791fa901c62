"""A training step turns image-level labels into losses; it reads like figure 2 of the paper."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from getam.activation import AttentionRecorder
from getam.data import Batch
from getam.model import LabelSource, Trunk, classify, trunk_of
from getam.network import Network, features_from
from getam.pseudo_label import PseudoLabels
from getam.training.label_sources import AnySource, SourceMaker, source_at
from getam.training.parts import PARTS, Look, Part, PartInput, Seen

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
        The source of the pseudo labels in the second phase, or a function that builds this source
        from the network and the parts.
    weights
        The weight of each part of the loss, by its name in ``PARTS``. A part of weight 0 is left
        out and costs nothing. The first phase needs one that needs no pseudo label, as
        "classification" does.
    begins
        The share of the run at which a part begins, by its name. A part that is not named begins
        with the run if it needs no pseudo label, and otherwise with the second phase.
    padding
        A name of ``PADDING``: what is beyond the photo counts for nothing, or is learnt.
    tag_weight
        How much the class logits count in masks, as in prediction. They say what is in the photo,
        so the decoder mostly learns where it is.

    Raises
    ------
    ValueError
        If there is no such part, or a part that another one needs is missing.
    """

    def __init__(
        self,
        network: Network,
        label_source: LabelSource | SourceMaker,
        weights: Mapping[str, float],
        *,
        begins: Mapping[str, float] | None = None,
        padding: str = "ignored",
        tag_weight: float = 0.0,
    ) -> None:
        super().__init__()
        self.network = network
        self.weights = {name: weight for name, weight in weights.items() if weight}
        unknown = self.weights.keys() - PARTS.keys()
        if unknown:
            raise ValueError(f"weights must be of {', '.join(PARTS)}, got {', '.join(unknown)}")
        self.begins = begins or {}
        self.parts: dict[str, Part] = {}
        for name in [name for name in PARTS if name in self.weights]:
            self.parts[name] = PARTS[name].make(network, self.parts)
        self.label_source: AnySource = (
            label_source
            if isinstance(label_source, LabelSource)
            else label_source(network, self.parts)
        )
        self.reads = {what for name in self.parts for what in PARTS[name].reads}
        self.owned = nn.ModuleList(p for p in self.parts.values() if isinstance(p, nn.Module))
        self.labelled = PADDING[padding]
        self.tag_weight = tag_weight

    def forward(self, batch: Batch, *, joint: bool, elapsed: float = 0.0) -> StepOutput:
        """Make a step of the second phase if ``joint``, otherwise one of the first.

        ``elapsed`` is the share of the run that is over.
        """
        return self.joint(batch, elapsed) if joint else self.classification(batch, elapsed)

    def classification(self, batch: Batch, elapsed: float = 0.0) -> StepOutput:
        """Make a step of the first phase: the classifier learns alone, the decoder does not run."""
        trunk, recorder = self.run(batch.image, features=batch.features)
        seen = Seen(**self.seen(batch, trunk, recorder, elapsed))
        losses = self.losses(seen, self.running(joint=False, elapsed=elapsed))
        return StepOutput(losses, trunk.class_logits)

    def joint(self, batch: Batch, elapsed: float = 0.0) -> StepOutput:
        """Make a step of the second phase: one forward pass serves maps, labels and losses."""
        source = source_at(self.label_source, elapsed)
        trunk, recorder = self.run(batch.image, source.recorder(), features=batch.features)
        pseudo = source(
            recorder,
            trunk.class_logits,
            batch,
            grid=trunk.features.grid,
            labelled=self.labelled(batch.valid),
        )
        mask_logits = trunk.segment(tag_weight=self.tag_weight)
        seen = PartInput(
            **self.seen(batch, trunk, recorder, elapsed), pseudo=pseudo, mask_logits=mask_logits
        )
        losses = self.losses(seen, self.running(joint=True, elapsed=elapsed))
        return StepOutput(losses, trunk.class_logits, pseudo, mask_logits)

    def run(
        self,
        image: Tensor,
        recorder: AttentionRecorder | None = None,
        *,
        features: Mapping[str, Tensor] | None = None,
    ) -> tuple[Trunk, AttentionRecorder]:
        """Return the trunk of images [B, 3, H, W] in 0..255, and what label source and parts read.

        The backbone runs unless its ``features`` are given, in any number format. The recorder is
        empty then.
        """
        observed = recorder is not None or "attention" in self.reads
        recorder = recorder or AttentionRecorder()
        if features is not None:
            size = (image.shape[-2], image.shape[-1])
            known = features_from(self.network.backbone, features, size)
            return trunk_of(self.network, known), recorder
        if "attention" in self.reads:
            recorder.keep_from = 0
        with recorder if observed else nullcontext():
            return classify(self.network, image, outputs="outputs" in self.reads), recorder

    def look(self, image: Tensor, *, masks: bool = False) -> Look:
        """Run the network on another view [B, 3, h, w] of the photos; see :class:`Seen`."""
        trunk, recorder = self.run(image)
        mask_logits = trunk.segment() if masks else None
        return Look(trunk.features, trunk.class_logits, recorder.calls, mask_logits)

    def seen(
        self, batch: Batch, trunk: Trunk, recorder: AttentionRecorder, elapsed: float
    ) -> dict[str, Any]:
        """Return the fields of :class:`Seen`."""
        return {
            "batch": batch,
            "class_logits": trunk.class_logits,
            "features": trunk.features,
            "attention": recorder.calls if "attention" in self.reads else {},
            "look": self.look,
            "elapsed": elapsed,
        }

    def running(self, *, joint: bool, elapsed: float) -> list[str]:
        """Return the names of the parts that run in a step of a phase."""
        return [
            name
            for name in self.parts
            if (joint or PARTS[name].from_start) and elapsed >= self.begins.get(name, 0.0)
        ]

    def losses(self, seen: Seen, names: Iterable[str]) -> dict[str, Tensor]:
        """Return these parts of the loss by name, and their weighted sum ``total``."""
        losses = {name: self.parts[name](seen) for name in names}
        total = torch.stack([self.weights[name] * loss for name, loss in losses.items()]).sum()
        return {**losses, "total": total}
