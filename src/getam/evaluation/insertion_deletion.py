"""Insertion and deletion curves (RISE: Petsiuk, Das & Saenko, BMVC 2018, section 4.2).

A faithful map ranks the pixels by what they mean to the classifier: taking the strongest away
first must make the class improbable soon, showing them first must make it probable soon.
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torchvision.transforms.v2.functional import gaussian_blur

STEPS = 10
"""The paper takes one step per 224 pixels; the area moves little beyond ten."""

BLUR_SIZE, BLUR_SIGMA = 11, 5.0  # pixels, as the paper's own code has them

Probability = Callable[[Tensor], Tensor]
"""Images [S, 3, H, W] to the probability [S] of one class."""


def deletion(
    probability: Probability, image: Tensor, strength: Tensor, *, steps: int = STEPS
) -> Tensor:
    """Probability of the class while the strongest pixels turn to the mean colour.

    Parameters
    ----------
    probability
        Of the class that the map is of.
    image
        [3, H, W], normalised: 0 is the mean colour.
    strength
        [H, W], the map; only its order counts.
    steps
        Between the whole image and none of it.

    Returns
    -------
    Tensor
        [steps + 1]; lower is better, see :func:`area`.
    """
    return probability(replaced(image, torch.zeros_like(image), strength, steps=steps))


def insertion(
    probability: Probability, image: Tensor, strength: Tensor, *, steps: int = STEPS
) -> Tensor:
    """Probability of the class while a blurred image becomes sharp, strongest pixels first.

    Parameters and result as :func:`deletion`; higher is better.
    """
    blurred = gaussian_blur(image, [BLUR_SIZE, BLUR_SIZE], [BLUR_SIGMA, BLUR_SIGMA])
    return probability(replaced(blurred, image, strength, steps=steps))


def area(curve: Tensor) -> float:
    """Area under a curve [steps + 1] over 0..1, by trapezoids.

    Examples
    --------
    >>> area(torch.tensor([1.0, 0.5, 0.0]))
    0.5
    """
    return torch.trapezoid(curve, dx=1 / (len(curve) - 1)).item()


def replaced(start: Tensor, end: Tensor, strength: Tensor, *, steps: int) -> Tensor:
    """From one image to another, strongest pixels first: [steps + 1, 3, H, W].

    Raises
    ------
    ValueError
        If the map has another size than the image, or there is no step.
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
