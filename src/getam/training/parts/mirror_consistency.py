"""Attention should look the same in the mirror (ACR, Sun et al., ICCV workshop 2023).

ACR asks the class token's row, and the attention among the patches, of a photo and of its mirror
image to agree. The released code takes the number of grid rows as row length, so that only square
crops are right there; here every grid is.
"""

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor

from getam.activation import Attention
from getam.training.losses import classification_loss
from getam.training.parts.part_input import Seen


class Disagreement(NamedTuple):
    """A disagreement says how much the attention of two mirrored views differs.

    Attributes
    ----------
    class_rows
        The mean absolute difference of the class token's attention to the patches.
    affinity
        The mean absolute difference of the attention among the patches.
    """

    class_rows: Tensor
    affinity: Tensor


def mirror_disagreement(
    attention: Tensor, mirrored: Tensor, *, grid: tuple[int, int]
) -> Disagreement:
    """Compare the attention of a photo with that of its mirror image; both get a gradient.

    Parameters
    ----------
    attention
        [..., N, N] after softmax, usually averaged over the heads; the last h * w tokens are the
        patches, the first is the class token.
    mirrored
        The attention of the mirror image, in the same shape.
    grid
        The patches (h, w).

    Returns
    -------
    Disagreement
        Two scalars, means over everything.
    """
    prefix = attention.shape[-1] - grid[0] * grid[1]
    class_rows = attention[..., 0, prefix:] - mirror(mirrored[..., 0, prefix:], grid)
    back = mirror(mirror(mirrored[..., prefix:, prefix:], grid).mT, grid).mT
    affinity = attention[..., prefix:, prefix:] - back
    return Disagreement(class_rows.abs().mean(), affinity.abs().mean())


def mirror(values: Tensor, grid: tuple[int, int]) -> Tensor:
    """Mirror what belongs to the patches in the last dimension, [..., h * w], row by row."""
    return values.unflatten(-1, grid).flip(-1).flatten(-2)


def mean_attention(attention: Mapping[int, Attention]) -> Tensor:
    """Return the attention of all blocks, averaged over their heads, with its graph.

    Returns
    -------
    Tensor
        [B, blocks, N, N].
    """
    calls = (attention[block] for block in sorted(attention))
    return torch.stack([call.attached_scores().softmax(-1).mean(1) for call in calls], 1)


def mirror_consistency(seen: Seen) -> Tensor:
    """Ask the attention of the photos and of their mirror images to agree, rows and affinity.

    ACR gives both the weight 125.
    """
    views = (mean_attention(view.attention) for view in (seen, seen.mirrored))
    found = mirror_disagreement(*views, grid=seen.features.grid)
    return found.class_rows + found.affinity


def mirrored_classification(seen: Seen) -> Tensor:
    """Ask the class logits of the mirror images for the tags."""
    return classification_loss(seen.mirrored.class_logits, seen.batch.labels, seen.batch.known)
