"""A part of the loss may look at all photos once, before the step from which it runs."""

from collections.abc import Callable, Iterable, Mapping
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor

from getam.data import Batch
from getam.network import Network
from getam.training.optimiser import train_mode
from getam.training.shared_weights import copy_from_first
from getam.training.step import Step


@runtime_checkable
class FromAllPhotos(Protocol):
    """A part looks at all photos before it runs.

    Attributes
    ----------
    prepared
        bool, a buffer: whether it has looked. What it keeps must be buffers as well, so that a
        checkpoint has them, and a run that goes on need not look again.
    """

    prepared: Tensor

    def prepare(self, network: Network, photos: Iterable[Batch]) -> None:
        """Look at the whole photos one by one, draw no random number of torch's, set `prepared`.

        The network is in evaluation mode, and no gradient is recorded.
        """


class Preparation:
    """A preparation shows all photos to each part that wants to see them, when it begins.

    Parameters
    ----------
    step
        Its network sees the photos as it is then.
    photos
        It reads the photos from the beginning, whole and one by one.
    """

    def __init__(self, step: Step, photos: Callable[[], Iterable[Batch]]) -> None:
        self.step, self.photos = step, photos
        parts: Mapping[str, object] = step.parts
        self.waiting = {n: part for n, part in parts.items() if isinstance(part, FromAllPhotos)}

    def begins(self, *, joint: bool, elapsed: float) -> bool:
        """Return whether a part looks at all photos before this step."""
        running = self.step.running(joint=joint, elapsed=elapsed)
        return any(name in running and not part.prepared for name, part in self.waiting.items())

    def before(self, *, joint: bool, elapsed: float) -> None:
        """Prepare the parts that begin with this step, unless a checkpoint has their state."""
        for name in self.step.running(joint=joint, elapsed=elapsed):
            part = self.waiting.pop(name, None)
            if part is not None and not part.prepared:
                self.prepare(part)

    @torch.no_grad()
    def prepare(self, part: FromAllPhotos) -> None:
        """Show all photos to a part. All processes keep what the first one found."""
        self.step.eval()
        part.prepare(self.step.network, self.photos())
        train_mode(self.step)
        copy_from_first(self.step)
