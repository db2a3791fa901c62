"""A saliency target says what the saliency loss asks for, and where; a variant is a function."""

from collections.abc import Callable

import torch
from torch import Tensor

from getam.data import Batch
from getam.pseudo_label import PseudoLabels, top_of_class

SaliencyTarget = Callable[[Tensor, Batch, PseudoLabels], tuple[Tensor, Tensor]]


def paper(saliency: Tensor, batch: Batch, _pseudo: PseudoLabels) -> tuple[Tensor, Tensor]:
    """Ask for the salient region inside the photo.

    Parameters
    ----------
    saliency
        [B, H, W] in 0..1.

    Returns
    -------
    tuple
        Foreground wanted, [B, H, W] in 0..1, and where it counts, [B, H, W] bool.
    """
    return saliency, batch.valid


def released(saliency: Tensor, batch: Batch, pseudo: PseudoLabels) -> tuple[Tensor, Tensor]:
    """Ask for nothing but the top 10 % of every class outside the salient region, padding too.

    The released code writes 1 for salient and 255 for such pixels into the saliency map, then reads
    it as 0..255: 1 / 255 is cut to 0, so that the salient region is trained to be background.
    """
    claimed = top_of_class(pseudo.refined_maps, 0.10).any(1)
    return (claimed & (saliency <= 0.5)).float(), torch.ones_like(batch.valid)


SALIENCY_TARGETS: dict[str, SaliencyTarget] = {"paper": paper, "released": released}
"""Every variant by its name."""
