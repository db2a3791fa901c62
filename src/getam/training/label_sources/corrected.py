"""Corrected masks replace pseudo labels."""

from dataclasses import dataclass

import torch
from torch import Tensor

from getam.activation import AttentionRecorder
from getam.data import NOT_CORRECTED, Batch
from getam.model import LabelSource
from getam.pseudo_label import PseudoLabels
from getam.vocabulary import BACKGROUND, IGNORE


@dataclass(frozen=True)
class Corrected:
    """Corrected masks replace the labels of another source in the photos that have one.

    Attributes
    ----------
    others
        What labels all other photos, and makes the maps of all.
    """

    others: LabelSource

    def recorder(self) -> AttentionRecorder:
        """Return the context in which the forward pass must run."""
        return self.others.recorder()

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
        pseudo = self.others(recorder, class_logits, batch, grid=grid, labelled=labelled)
        return lay_over(pseudo, batch, labelled=labelled)


def lay_over(pseudo: PseudoLabels, batch: Batch, *, labelled: Tensor) -> PseudoLabels:
    """Lay the corrected masks of a batch over its pseudo labels.

    A pixel that a mask ignores is not given the other label.
    """
    if batch.corrected is None:
        return pseudo
    beyond = labelled & ~batch.valid  # padding may be learnt as background
    mask = batch.corrected.long().masked_fill(beyond, BACKGROUND)
    mask = mask.masked_fill(~labelled, IGNORE)
    has_mask = (batch.corrected != NOT_CORRECTED)[:, :1, :1]
    return pseudo._replace(label=torch.where(has_mask, mask, pseudo.label))
