"""Two thresholds turn class maps into label images, as AFA and ToCo do (Ru et al., 2022, 2023).

Both sides of a threshold follow the released code of ToCo. Maps are those of present classes alone:
those of absent classes must be 0.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from getam.activation import enlarge_aligning_edges
from getam.pseudo_label.par import par
from getam.vocabulary import BACKGROUND, IGNORE

Refinement = Callable[[Tensor, Tensor], Tensor]
"""A function from maps [B, C, h, w] and an image [B, 3, H, W] in 0..255 to maps [B, C, H, W]."""

UNSURE = 1  # in a region mask, between background (0) and a class (2)
FOREGROUND = 2


def single_threshold_label(maps: Tensor, *, threshold: float = 0.5) -> Tensor:
    """Label each pixel with its strongest class, or as background up to a threshold.

    Parameters
    ----------
    maps
        [B, C, H, W] in 0..1.
    threshold
        The greatest value that is background.

    Returns
    -------
    Tensor
        int64 [B, H, W]: 0 background, class + 1.
    """
    strength, strongest = maps.max(1)
    return (strongest + 1).masked_fill(strength <= threshold, BACKGROUND)


def two_threshold_label(maps: Tensor, *, low: float = 0.25, high: float = 0.7) -> Tensor:
    """Label by two thresholds: a class above ``high``, background up to ``low``, 255 between them.

    Parameters
    ----------
    maps
        [B, C, H, W] in 0..1.
    low
        The greatest value that is background.
    high
        The greatest value that is undecided.

    Returns
    -------
    Tensor
        int64 [B, H, W]: 0 background, class + 1, 255 undecided.
    """
    strength, strongest = maps.max(1)
    label = (strongest + 1).masked_fill(strength <= high, IGNORE)
    return label.masked_fill(strength <= low, BACKGROUND)


def region_mask(maps: Tensor, *, low: float = 0.25, high: float = 0.7) -> Tensor:
    """Divide the photo into background, unsure regions and classes, whichever they are.

    Parameters
    ----------
    maps
        [B, C, H, W] in 0..1.
    low
        The greatest value that is background.
    high
        The least value that is a class.

    Returns
    -------
    Tensor
        int64 [B, H, W]: 0 background, 1 unsure, 2 a class.
    """
    strength = maps.amax(1)
    mask = torch.full(strength.shape, UNSURE, device=maps.device)
    return mask.masked_fill(strength <= low, BACKGROUND).masked_fill(strength >= high, FOREGROUND)


def refined_label(
    maps: Tensor,
    present: Tensor,
    image: Tensor,
    *,
    low: float = 0.25,
    high: float = 0.7,
    refinement: Refinement = par,
) -> Tensor:
    """Let maps compete with two constant backgrounds, refine both and join what they say.

    At half the size of the photo, softmax over the background and the present classes makes
    probabilities, which are refined and enlarged; see :func:`join_backgrounds` for the rest. Both
    backgrounds share one refinement, so that the neighbours are weighed once.

    Parameters
    ----------
    maps
        [B, C, H, W] in 0..1.
    present
        [B, C], positive where the class is in the photo.
    image
        [B, 3, H, W], RGB in 0..255.
    low, high
        The constant values of the two backgrounds. AFA takes 0.35 and 0.55.
    refinement
        What pulls the probabilities to the photo's edges.

    Returns
    -------
    Tensor
        int64 [B, H, W]: 0 background, class + 1, 255 undecided.
    """
    strict, lenient = refine_against_backgrounds(
        maps, present, image, low=low, high=high, refinement=refinement
    )
    return join_backgrounds(strict.argmax(1), lenient.argmax(1))


def refine_against_backgrounds(
    maps: Tensor,
    present: Tensor,
    image: Tensor,
    *,
    low: float,
    high: float,
    refinement: Refinement = par,
) -> tuple[Tensor, Tensor]:
    """Return the refined probabilities [B, C + 1, H, W] against the high and the low background.

    Arguments are those of :func:`refined_label`. Channel 0 is the background.
    """
    size = image.shape[-2:]
    half = [max(1, side // 2) for side in size]
    small, maps = (enlarge_aligning_edges(t.float(), half) for t in (image, maps))
    both = torch.cat([against_background(maps, present, value) for value in (high, low)], 1)
    strict, lenient = enlarge_aligning_edges(refinement(both, small), size).chunk(2, dim=1)
    return strict, lenient


def against_background(maps: Tensor, present: Tensor, value: float) -> Tensor:
    """Return the softmax of maps [B, C, h, w] and a constant background, [B, C + 1, h, w].

    Channel 0 is the background. Absent classes take no part and stay 0.
    """
    absent = (present <= 0)[:, :, None, None]
    background = maps.new_full((len(maps), 1, *maps.shape[2:]), value)
    return torch.cat([background, maps.masked_fill(absent, float("-inf"))], 1).softmax(1)


def join_backgrounds(strict: Tensor, lenient: Tensor) -> Tensor:
    """Join two label images [B, H, W], made with a strong and with a weak background.

    A pixel is background where both say so, undecided where the strict one alone does, and
    otherwise has the class of the strict one.
    """
    doubtful = strict == BACKGROUND
    label = strict.masked_fill(doubtful, IGNORE)
    return label.masked_fill(doubtful & (lenient == BACKGROUND), BACKGROUND)
