"""Pseudo labels walk along a learnt affinity (AFA, Ru et al., CVPR 2022, section 3.3)."""

from dataclasses import dataclass

import torch
from torch import Tensor

from getam.activation import AttentionRecorder, divide_by_maximum, recorder_for, slot_table
from getam.data import Batch
from getam.pseudo_label import Labeller, PseudoLabels
from getam.pseudo_label.labeller import pseudo_labels
from getam.pseudo_label.random_walk import walk_against_backgrounds
from getam.pseudo_label.two_thresholds import join_backgrounds
from getam.training.parts.learnt_affinity import LearntAffinity


@dataclass(frozen=True)
class Walked:
    """This label source lets maps walk along the affinity that a part of the loss learns.

    AFA takes the affinity of the photo at 1.5 times its size and refines only the
    photo, without its padding. Here the affinity is that of the same forward pass, and the whole
    crop is refined, so that nothing is computed twice.

    Attributes
    ----------
    labeller
        The labeller that makes the maps.
    learnt
        The part of the loss that learns the affinity.
    low, high
        The constant values of the two backgrounds.
    """

    labeller: Labeller
    learnt: LearntAffinity
    low: float
    high: float

    def recorder(self) -> AttentionRecorder:
        """Return the context in which the forward pass must run."""
        return recorder_for([self.labeller.map_setting], affinity=max(1, self.labeller.affinity))

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
        maps = self.labeller.maps(recorder, class_logits, batch, grid=grid)
        slots = slot_table(batch.classes).to(maps.device, non_blocking=True)
        with torch.no_grad(), torch.autocast(maps.device.type, enabled=False):
            affinity = self.learnt.affinity(recorder.calls, grid)
            image = batch.image.float()
            strict, lenient = walk_against_backgrounds(
                maps, slots, affinity, image, low=self.low, high=self.high
            )
            label = join_backgrounds(strict.argmax(1), lenient.argmax(1))
            refined = divide_by_maximum(strict[:, 1:])
        return pseudo_labels(batch, maps, refined, label, labelled=labelled)
