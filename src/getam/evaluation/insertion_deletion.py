"""This module computes insertion and deletion curves (RISE, Petsiuk et al. 2018, section 4.2).

A faithful map ranks the pixels by what they mean to the classifier. If the strongest pixels are
removed first, the class becomes improbable soon. If they are shown first, it becomes probable soon.
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torchvision.transforms.v2.functional import gaussian_blur

STEPS = 10
"""Default number of steps. The paper takes one per 224 pixels, which hardly changes the area."""

BLUR_SIZE, BLUR_SIGMA = 11, 5.0  # pixels, as in the code of the paper

Probability = Callable[[Tensor], Tensor]
"""A function from images [S, 3, H, W] to the probabilities [S] of one class."""


def deletion(
    probability: Probability, image: Tensor, strength: Tensor, *, steps: int = STEPS
) -> Tensor:
    """Return the probability of a class while the strongest pixels turn to the mean colour.

    Parameters
    ----------
    probability
        The function that gives the probability of the class of the map.
    image
        [3, H, W], normalised so that 0 is the mean colour.
    strength
        [H, W], the map. Only the order of its values counts.
    steps
        Number of steps from the whole image to none of it.

    Returns
    -------
    Tensor
        [steps + 1], the curve. Lower is better; see :func:`area`.
    """
    return probability(replaced(image, torch.zeros_like(image), strength, steps=steps))


def insertion(
    probability: Probability, image: Tensor, strength: Tensor, *, steps: int = STEPS
) -> Tensor:
    """Return the probability of a class while a blurred image becomes sharp.

    The strongest pixels become sharp first. See :func:`deletion` for parameters and result. Here,
    higher is better.
    """
    blurred = gaussian_blur(image, [BLUR_SIZE, BLUR_SIZE], [BLUR_SIGMA, BLUR_SIGMA])
    return probability(replaced(blurred, image, strength, steps=steps))


def area(curve: Tensor) -> float:
    """Return the area under a curve [steps + 1] over 0..1, by trapezoids.

    Examples
    --------
    >>> area(torch.tensor([1.0, 0.5, 0.0]))
    0.5
    """
    return torch.trapezoid(curve, dx=1 / (len(curve) - 1)).item()


def replaced(start: Tensor, end: Tensor, strength: Tensor, *, steps: int) -> Tensor:
    """Return the steps from one image to another, strongest pixels first: [steps + 1, 3, H, W].

    Raises
    ------
    ValueError
        If the map has another size than the image, or if there is no step.
    """
    if strength.shape != start.shape[-2:] or steps < 1:
        raise ValueError(
            f"strength must be [H, W] = {tuple(start.shape[-2:])} and steps 1 or more, "
            f"got {tuple(strength.shape)} and {steps}"
        )
    order = strength.flatten().argsort(descending=True, stable=True)
    rank = order.argsort().view_as(strength)
    changed = torch.arange(steps + 1, device=rank.device) * rank.numel() // steps
    return torch.where(rank < changed[:, None, None, None], end, start)
