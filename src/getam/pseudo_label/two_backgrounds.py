"""Two constant backgrounds compete with maps for the pixels, and make the pseudo label.

It is the labelling of AFA, ToCo and TSD-CAM; see :mod:`getam.pseudo_label.two_thresholds`.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from getam.activation import divide_by_maximum, enlarge_aligning_edges, slot_table
from getam.data import Batch
from getam.pseudo_label.labeller import PseudoLabels, pseudo_labels
from getam.pseudo_label.par import par
from getam.pseudo_label.two_thresholds import (
    Refinement,
    join_backgrounds,
    refine_against_backgrounds,
)


@dataclass(frozen=True)
class TwoBackgrounds:
    """Maps are labelled by a strong and by a weak background.

    Attributes
    ----------
    low, high
        The constant values of the two backgrounds.
    refinement
        The function that pulls probabilities to the photo's edges.
    """

    low: float
    high: float
    refinement: Refinement = par

    @torch.no_grad()
    def __call__(self, maps: Tensor, batch: Batch, *, labelled: Tensor) -> PseudoLabels:
        """Label maps [B, K, h, w] of the present classes, in 0..1.

        The refined maps are the probabilities beside the strong background, each divided by its
        maximum.
        """
        image = batch.image.float()
        slots = slot_table(batch.classes).to(maps.device, non_blocking=True)
        enlarged = enlarge_aligning_edges(maps, image.shape[-2:])
        strict, lenient = refine_against_backgrounds(
            enlarged, slots, image, low=self.low, high=self.high, refinement=self.refinement
        )
        label = join_backgrounds(strict.argmax(1), lenient.argmax(1))
        refined = divide_by_maximum(strict[:, 1:])
        return pseudo_labels(batch, maps, refined, label, labelled=labelled)
