"""Labels of a second round are what the network itself says of the photos, told their tags."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from getam.activation import (
    AttentionRecorder,
    divide_by_maximum,
    enlarge_aligning_edges,
    slot_table,
)
from getam.data import Batch
from getam.model import classify
from getam.network import Network
from getam.pseudo_label import Labeller, PseudoLabels
from getam.pseudo_label.labeller import pseudo_labels, resized
from getam.pseudo_label.refine import refine
from getam.vocabulary import IGNORE


@dataclass(frozen=True)
class OwnMasks:
    """A label source whose labels are the network's own masks of the mirrored photos.

    The tags leave out every class that a photo does not show, and PAMR pulls the probabilities to
    the photo's edges, so a label knows more than the network that is taught by it.

    Attributes
    ----------
    network
        The network.
    labeller
        The labeller whose size and iterations refine the probabilities.
    sure
        The probability below which a pixel is undecided.
    """

    network: Network
    labeller: Labeller
    sure: float = 0.6

    def recorder(self) -> AttentionRecorder:
        """Return the context in which the forward pass must run."""
        return AttentionRecorder()

    @torch.no_grad()
    def __call__(
        self,
        recorder: AttentionRecorder,  # noqa: ARG002 - the masks need no attention
        class_logits: Tensor,  # noqa: ARG002 - the tags are known
        batch: Batch,
        *,
        grid: tuple[int, int],  # noqa: ARG002 - the masks have their own size
        labelled: Tensor,
    ) -> PseudoLabels:
        """Label a batch; see :meth:`getam.pseudo_label.Labeller.__call__`."""
        likely = self.probabilities(batch)
        small = resized(batch.image.float(), self.labeller.scale)
        refined = refine(likely, small, iterations=self.labeller.iterations)
        strength, label = refined.max(1)
        label = label.masked_fill(strength < self.sure, IGNORE)
        size = batch.image.shape[-2:]
        label = interpolate(label[:, None].float(), size, mode="nearest")[:, 0].long()
        maps = divide_by_maximum(likely[:, 1:])
        refined = divide_by_maximum(enlarge_aligning_edges(refined[:, 1:], size))
        return pseudo_labels(batch, maps, refined, label, labelled=labelled)

    def probabilities(self, batch: Batch) -> Tensor:
        """Return the probabilities of background and the tagged classes, [B, K + 1, h, w]."""
        trunk = classify(self.network, batch.image.flip(-1))
        logits = self.network.segment(trunk.features).flip(-1).float()
        slots = slot_table(batch.classes).to(logits.device, non_blocking=True)
        places = slots[:, :, None, None].expand(-1, -1, *logits.shape[2:])
        of_slots = logits.gather(1, places).masked_fill((slots == 0)[:, :, None, None], -torch.inf)
        return torch.cat([logits[:, :1], of_slots], 1).softmax(1)
