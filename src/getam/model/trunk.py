"""The trunk is one forward pass for everything: class logits, pseudo labels and, if asked, masks.

Training and labelling share it. The decoder runs only where somebody reads its masks.
"""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from torch import Tensor

from getam.activation import AttentionRecorder
from getam.data import Batch
from getam.network import Features, Network, weigh_by_tags
from getam.pseudo_label import PseudoLabels


@runtime_checkable
class LabelSource(Protocol):
    """A label source makes pseudo labels from a forward pass, as :class:`Labeller` does."""

    def recorder(self) -> AttentionRecorder:
        """Return the context in which the forward pass must run."""

    def __call__(
        self,
        recorder: AttentionRecorder,
        class_logits: Tensor,
        batch: Batch,
        *,
        grid: tuple[int, int],
        labelled: Tensor,
    ) -> PseudoLabels:
        """Label a batch; see :meth:`getam.pseudo_label.Labeller.__call__`."""


@dataclass(frozen=True)
class Trunk:
    """A trunk holds what the backbone made of a batch.

    Attributes
    ----------
    network
        The network that ran.
    features
        The tokens of the blocks that the decoder reads.
    class_logits
        [B, C].
    """

    network: Network
    features: Features
    class_logits: Tensor

    def segment(self, *, tag_weight: float = 0.0) -> Tensor:
        """Run the decoder and return mask logits, float32 [B, C + 1, ceil(H / s), ceil(W / s)].

        The tags weigh the masks but learn nothing from them, see :func:`weigh_by_tags`.
        """
        mask_logits = self.network.segment(self.features).float()
        return weigh_by_tags(mask_logits, self.class_logits.detach().float(), tag_weight)


def classify(network: Network, image: Tensor, *, outputs: bool = False) -> Trunk:
    """Run the backbone on images [B, 3, H, W] in 0..255; the decoder does not run."""
    features = network.forward_features(network.normalise(image), outputs=outputs)
    return trunk_of(network, features)


def trunk_of(network: Network, features: Features) -> Trunk:
    """Return the trunk of features that are there already; the backbone does not run."""
    return Trunk(network, features, network.classify(features))


def label(
    network: Network, source: LabelSource, batch: Batch, *, labelled: Tensor | None = None
) -> tuple[Trunk, PseudoLabels]:
    """Run the backbone on a batch and make its pseudo labels from the same pass.

    Under ``no_grad`` only the blocks that count for the maps keep a graph. A training step does the
    same in its own order (:meth:`getam.training.Step.joint`), because its features may be kept and
    its parts read the pass too.

    Parameters
    ----------
    source
        The source that makes the labels.
    batch
        Images with their tags, and saliency if there is any.
    labelled
        bool [B, H, W], where a pseudo label counts; None takes the inside of the photos.
    """
    with source.recorder() as recorder:
        trunk = classify(network, batch.image)
    pseudo = source(
        recorder,
        trunk.class_logits,
        batch,
        grid=trunk.features.grid,
        labelled=batch.valid if labelled is None else labelled,
    )
    return trunk, pseudo
