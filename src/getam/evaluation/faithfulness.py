"""Faithfulness asks the classifier itself whether the pixels that a map calls strong matter.

Insertion and deletion are curves of RISE (Petsiuk et al. 2018, section 4.2). If the strongest
pixels are removed first, the class becomes improbable soon. If they are shown first, it becomes
probable soon. SaCo is the salience-guided faithfulness coefficient of "On the Faithfulness of
Vision Transformer Explanations" (Wu et al., CVPR 2024, arXiv 2404.01415).
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torchvision.transforms.v2.functional import gaussian_blur

STEPS = 10
"""Default number of steps. RISE takes one per 224 pixels, which hardly changes the area."""

GROUPS = 10
"""Default number of groups of pixels, as in the paper of SaCo."""

BLUR_SIZE, BLUR_SIGMA = 11, 5.0  # pixels, as in the code of RISE

Probability = Callable[[Tensor], Tensor]
"""A function from images [S, 3, H, W] to the probabilities [S] of one class."""


class FaithfulnessTest:
    """A faithfulness test changes one image as a map says, and follows the probability of a class.

    What is the same for every map is classified once: the image itself, the blurred image, and the
    empty image, which has the mean colour everywhere.

    Parameters
    ----------
    probability
        The function that gives the probability of the class of the maps.
    image
        [3, H, W], normalised so that 0 is the mean colour. A side has 6 pixels or more, as the
        blur reaches so far.
    steps
        Number of steps of a curve, from all of the image to none of it.
    groups
        Number of groups of pixels for SaCo.

    Raises
    ------
    ValueError
        If the image has another shape, or if there are fewer than two steps or groups.

    Examples
    --------
    >>> image = torch.zeros(3, 8, 8)
    >>> image[:, 2, 3] = 1
    >>> test = FaithfulnessTest(lambda images: images[:, 0, 2, 3], image, steps=4)
    >>> test.deletion(image[0])
    tensor([1., 0., 0., 0., 0.])
    """

    def __init__(
        self,
        probability: Probability,
        image: Tensor,
        *,
        steps: int = STEPS,
        groups: int = GROUPS,
    ) -> None:
        if image.ndim != 3 or len(image) != 3 or min(image.shape[1:]) <= BLUR_SIZE // 2:
            least = BLUR_SIZE // 2 + 1
            raise ValueError(
                f"image must be [3, H, W] with sides of {least} pixels or more, "
                f"got {tuple(image.shape)}"
            )
        if steps < 2 or groups < 2:
            raise ValueError(f"steps and groups must be 2 or more, got {steps} and {groups}")
        self.probability, self.image, self.steps, self.groups = probability, image, steps, groups
        self.blurred = gaussian_blur(image, [BLUR_SIZE, BLUR_SIZE], [BLUR_SIGMA, BLUR_SIGMA])
        self.empty = torch.zeros_like(image)
        self.grey = image.mean((1, 2), keepdim=True)
        same = torch.stack([image, self.blurred, self.empty])
        self._p_image, self._p_blurred, self._p_empty = probability(same).split(1)

    def insertion(self, strength: Tensor) -> Tensor:
        """Return the probability of the class while the strongest pixels become sharp.

        Parameters
        ----------
        strength
            [H, W], the map. Only the order of its values counts.

        Returns
        -------
        Tensor
            [steps + 1], from the blurred image to the image. Higher is better; see :func:`area`.

        Raises
        ------
        ValueError
            If the map has another size than the image.
        """
        between = self.probability(self._steps_between(self.blurred, self.image, strength))
        return torch.cat([self._p_blurred, between, self._p_image])

    def deletion(self, strength: Tensor) -> Tensor:
        """Return the probability of the class while the strongest pixels turn to the mean colour.

        Lower is better. Parameters, result and errors are those of `insertion`.
        """
        between = self.probability(self._steps_between(self.image, self.empty, strength))
        return torch.cat([self._p_image, between, self._p_empty])

    def saco(self, strength: Tensor) -> float:
        """Compare the order of groups of pixels with what their loss does to the class.

        The pixels are cut into groups of equal size, the strongest first. Each group alone is
        replaced by the mean colour of this image, and the fall of the probability is its effect.
        Every pair of groups counts with the difference of their mean strengths: for the map if the
        stronger group has at least the effect of the weaker one, and against it otherwise.

        Parameters
        ----------
        strength
            [H, W], the map.

        Returns
        -------
        float
            The sum over the pairs relative to its greatest value, in -1..1. It is 0 for a flat map.

        Raises
        ------
        ValueError
            If the map has another size than the image.
        """
        group = self._rank(strength) * self.groups // strength.numel()  # [H, W], 0 strongest
        own = group == torch.arange(self.groups, device=group.device)[:, None, None]
        changed = self.probability(torch.where(own[:, None], self.grey, self.image))
        effects = self._p_image - changed
        salience = torch.stack([strength[each].double().mean() for each in own]).to(effects.device)
        gaps = (salience[:, None] - salience).triu(1)  # of pairs, the stronger group first
        right = effects[:, None] >= effects
        total = gaps.sum()
        return (torch.where(right, gaps, -gaps).sum() / total).item() if total > 0 else 0.0

    def _steps_between(self, start: Tensor, end: Tensor, strength: Tensor) -> Tensor:
        """Return what lies between two images, strongest pixels first: [steps - 1, 3, H, W]."""
        rank = self._rank(strength)
        changed = torch.arange(1, self.steps, device=rank.device) * rank.numel() // self.steps
        return torch.where(rank < changed[:, None, None, None], end, start)

    def _rank(self, strength: Tensor) -> Tensor:
        """Return the rank of every pixel [H, W], 0 for the strongest, ties in reading order."""
        if strength.shape != self.image.shape[-2:]:
            raise ValueError(
                f"strength must be [H, W] = {tuple(self.image.shape[-2:])}, "
                f"got {tuple(strength.shape)}"
            )
        order = strength.flatten().argsort(descending=True, stable=True)
        return order.argsort().view_as(strength)


def area(curve: Tensor) -> float:
    """Return the area under a curve [steps + 1] over 0..1, by trapezoids.

    Examples
    --------
    >>> area(torch.tensor([1.0, 0.5, 0.0]))
    0.5
    """
    return torch.trapezoid(curve, dx=1 / (len(curve) - 1)).item()
