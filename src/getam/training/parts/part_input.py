"""A part of the loss sees what a step made of a batch."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from torch import Tensor

from getam.activation import Attention
from getam.data import Batch
from getam.network import Features
from getam.pseudo_label import PseudoLabels


@dataclass(frozen=True)
class Look:
    """A look is what the network makes of another view of the photos.

    Attributes
    ----------
    features
        The tokens.
    class_logits
        [B, C].
    attention
        The observed attention of every block, with its graph.
    mask_logits
        [B, C + 1, h, w] if asked for, not weighed by the tags.
    """

    features: Features
    class_logits: Tensor
    attention: Mapping[int, Attention]
    mask_logits: Tensor | None = None


@dataclass(frozen=True, kw_only=True)
class Seen:
    """Every step makes this of a batch.

    Attributes
    ----------
    batch
        The photos with what is known about them.
    class_logits
        [B, C].
    features
        The tokens of the blocks that the decoder reads; its ``outputs`` are there if a part asks.
    attention
        The observed attention of every block, with its graph; there if a part asks.
    look
        Takes images [B, 3, H, W] in 0..255, and ``masks=True`` to have the decoder run too.
    elapsed
        The share of the run that is over, in 0..1.
    shared
        What parts computed of this step for each other, by name.
    """

    batch: Batch
    class_logits: Tensor
    features: Features
    attention: Mapping[int, Attention] = field(default_factory=dict)
    look: Callable[..., Look]
    elapsed: float = 0.0
    shared: dict[str, Tensor] = field(default_factory=dict)

    @cached_property
    def mirrored(self) -> Look:
        """Return the look at the mirror images, which all parts share that want it."""
        return self.look(self.batch.image.flip(-1))


@dataclass(frozen=True, kw_only=True)
class PartInput(Seen):
    """A joint step makes this besides.

    Attributes
    ----------
    pseudo
        Maps and pseudo labels, without gradient.
    mask_logits
        [B, C + 1, h, w], weighed by the tags.
    """

    pseudo: PseudoLabels
    mask_logits: Tensor

    @property
    def size(self) -> tuple[int, int]:
        """Return the height and width of the mask logits."""
        return self.mask_logits.shape[-2], self.mask_logits.shape[-1]
