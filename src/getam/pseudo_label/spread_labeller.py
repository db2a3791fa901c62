"""A spread labeller spreads maps in another way before they are labelled."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from getam.activation import AttentionRecorder, recorder_for
from getam.data import Batch
from getam.pseudo_label.labeller import Labeller, PseudoLabels
from getam.pseudo_label.spreads import Spread

LabelMaps = Callable[..., PseudoLabels]
"""What labels maps, as :meth:`Labeller.label` does."""


@dataclass(frozen=True)
class SpreadLabeller:
    """A spread labeller makes the maps of another labeller, spreads them and labels them.

    Attributes
    ----------
    labeller
        The labeller that makes the maps.
    label
        The function that labels them.
    spread
        One of :data:`getam.pseudo_label.spreads.SPREADS`, which takes the place of the labeller's
        own affinity. None leaves the maps as the labeller makes them.
    """

    labeller: Labeller
    label: LabelMaps
    spread: Spread | None = None

    def recorder(self) -> AttentionRecorder:
        """Return the context in which the forward pass must run."""
        if self.spread is None:
            return self.labeller.recorder()
        return recorder_for([self.labeller.map_setting], affinity=1)

    def __call__(
        self,
        recorder: AttentionRecorder,
        class_logits: Tensor,
        batch: Batch,
        *,
        grid: tuple[int, int],
        labelled: Tensor,
    ) -> PseudoLabels:
        """Label a batch; see :meth:`Labeller.__call__`."""
        plain = self.labeller if self.spread is None else replace(self.labeller, affinity=0)
        maps = plain.maps(recorder, class_logits, batch, grid=grid)
        if self.spread is not None and maps.shape[1]:
            with torch.no_grad(), torch.autocast(maps.device.type, enabled=False):
                maps = self.spread(maps, list(recorder.calls.values()))
        return self.label(maps, batch, labelled=labelled)
