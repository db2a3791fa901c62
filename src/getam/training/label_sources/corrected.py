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
    inner
        The source that makes the maps of all photos, and the labels of those without such a mask.
    """

    inner: LabelSource

    def recorder(self) -> AttentionRecorder:
        """Return the context in which the forward pass must run."""
        return self.inner.recorder()

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
        pseudo = self.inner(recorder, class_logits, batch, grid=grid, labelled=labelled)
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
    # Every pixel of a photo without a mask has this value, so one pixel tells.
    has_mask = (batch.corrected != NOT_CORRECTED)[:, :1, :1]
    return pseudo._replace(label=torch.where(has_mask, mask, pseudo.label))
