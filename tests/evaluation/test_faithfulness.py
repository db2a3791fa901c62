"""Insertion and deletion equal one pixel at a time, and SaCo the loop over pairs of its paper."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torchvision.transforms.v2.functional import gaussian_blur

from getam.evaluation import FaithfulnessTest, area


def pixel_by_pixel(start: Tensor, end: Tensor, strength: Tensor, steps: int) -> Tensor:
    """Return the images on the way from start to end, by a loop over sorted pixels."""
    height, width = strength.shape
    pixels = [(y, x) for y in range(height) for x in range(width)]
    pixels.sort(key=lambda at: -strength[at].item())  # stable
    images, current, done = [start.clone()], start.clone(), 0
    for step in range(1, steps + 1):
        while done < step * len(pixels) // steps:
            y, x = pixels[done]
            current[:, y, x] = end[:, y, x]
            done += 1
        images.append(current.clone())
    return torch.stack(images)


def brightness(weights: Tensor) -> Callable[[Tensor], Tensor]:
    """Return a probability that is a weighted sum of all channels, which weigh unequally."""
    channels = torch.tensor([1.0, 0.5, -0.25])[:, None, None]
    return lambda images: (images * channels * weights).sum((1, 2, 3))


@pytest.mark.parametrize("steps", [2, 4, 10])
def test_strongest_pixels_are_replaced_first(steps: int) -> None:
    generator = torch.Generator().manual_seed(0)
    image = torch.rand(3, 15, 17, generator=generator)
    strength = (torch.rand(15, 17, generator=generator) * 4).round()  # with ties
    probability = brightness(torch.rand(15, 17, generator=generator))
    test = FaithfulnessTest(probability, image, steps=steps)
    away = pixel_by_pixel(image, torch.zeros_like(image), strength, steps)
    blurred = gaussian_blur(image, [11, 11], [5.0, 5.0])
    sharper = pixel_by_pixel(blurred, image, strength, steps)
    assert torch.allclose(test.deletion(strength), probability(away), rtol=1e-6)
    assert torch.allclose(test.insertion(strength), probability(sharper), rtol=1e-6)


def test_what_all_maps_share_is_classified_once() -> None:
    classified = []

    def probability(images: Tensor) -> Tensor:
        classified.append(len(images))
        return images[:, 0].mean((1, 2))

    test = FaithfulnessTest(probability, torch.rand(3, 12, 12))
    for strength in torch.rand(2, 12, 12):
        test.insertion(strength)
        test.deletion(strength)
        test.saco(strength)
    assert classified == [3, 9, 9, 10, 9, 9, 10]


def one_pixel(images: Tensor) -> Tensor:
    """Return the probability of a class that is there when the pixel (2, 3) is bright."""
    return images[:, 0, 2, 3]


def test_a_map_that_knows_the_pixel_beats_one_that_does_not() -> None:
    image = torch.zeros(3, 20, 20)
    image[:, 2, 3] = 1
    right, wrong = torch.zeros(2, 20, 20)
    right[2, 3], wrong[2, 3] = 1, -1
    test = FaithfulnessTest(one_pixel, image, steps=4)
    assert test.deletion(right).tolist() == [1, 0, 0, 0, 0]
    assert test.deletion(wrong).tolist() == [1, 1, 1, 1, 0]
    shown = test.insertion(right)
    assert shown[1:].tolist() == [1, 1, 1, 1]
    # What the blur leaves of one bright pixel: the middle of the normalised Gaussian, squared.
    kernel = torch.exp(-(torch.arange(-5.0, 6) ** 2) / (2 * 5.0**2))
    near_the_edge = kernel / kernel.sum()
    assert shown[0].item() == pytest.approx(_blurred(near_the_edge), rel=1e-4)
    assert area(test.insertion(wrong)) < area(shown)


def _blurred(kernel: Tensor) -> float:
    """Return the weight of pixel (2, 3) on itself under a blur whose borders are reflected."""

    def weight(position: int) -> float:
        sources = [abs(position + offset) for offset in range(-5, 6)]  # reflection at 0
        return sum(k for k, at in zip(kernel.tolist(), sources, strict=True) if at == position)

    return weight(2) * weight(3)


def test_area_is_the_mean_height() -> None:
    curve = torch.tensor([0.2, 0.4, 0.9])
    assert area(curve) == pytest.approx((0.3 + 0.65) / 2)
    assert area(torch.ones(11)) == pytest.approx(1)


def slow_saco(
    probability: Callable[[Tensor], Tensor], image: Tensor, strength: Tensor, groups: int
) -> float:
    """Go through all pairs of groups, the stronger one first."""
    order = strength.flatten().argsort(descending=True, stable=True).tolist()
    size = len(order)
    parts = [
        [p for rank, p in enumerate(order) if rank * groups // size == g] for g in range(groups)
    ]
    mean = image.mean((1, 2))
    effects, salience = [], []
    for part in parts:
        changed = image.clone().flatten(1)
        changed[:, part] = mean[:, None]
        changed = changed.view_as(image)
        effects.append((probability(image[None]) - probability(changed[None])).item())
        salience.append(strength.flatten()[part].mean().item())
    total = signed = 0.0
    for first in range(groups):
        for second in range(first + 1, groups):
            gap = salience[first] - salience[second]
            signed += gap if effects[first] >= effects[second] else -gap
            total += abs(gap)
    return signed / total


def test_saco_equals_a_loop_over_pairs() -> None:
    generator = torch.Generator().manual_seed(1)
    far_from_0 = torch.tensor([3.0, -1.0, 2.0])[:, None, None]
    image = torch.rand(3, 12, 14, generator=generator) + far_from_0
    probability = brightness(torch.rand(12, 14, generator=generator))
    for groups in (2, 5, 10):
        strength = torch.rand(12, 14, generator=generator)
        found = FaithfulnessTest(probability, image, groups=groups).saco(strength)
        assert found == pytest.approx(slow_saco(probability, image, strength, groups), abs=1e-5)


def test_the_order_of_the_network_is_1_and_its_reverse_is_below_0() -> None:
    image = torch.zeros(3, 10, 10)
    image[0] = torch.arange(10.0, 0, -1)
    test = FaithfulnessTest(brightness(torch.ones(10, 10)), image)
    assert test.saco(image[0]) == 1
    assert test.saco(-image[0]) < 0


def test_a_stronger_group_with_the_same_effect_counts_for_the_map() -> None:
    image, strength = torch.zeros(3, 10, 10), torch.arange(100.0).view(10, 10)
    assert FaithfulnessTest(brightness(torch.ones(10, 10)), image).saco(strength) == 1


def test_a_flat_map_says_nothing() -> None:
    test = FaithfulnessTest(brightness(torch.ones(8, 9)), torch.randn(3, 8, 9))
    assert test.saco(torch.ones(8, 9)) == 0


def test_sizes_and_numbers_must_fit() -> None:
    image, probability = torch.randn(3, 8, 9), brightness(torch.ones(8, 9))
    for measure in ("insertion", "deletion", "saco"):
        with pytest.raises(ValueError, match=r"strength must be \[H, W\] = \(8, 9\), got \(8, 8\)"):
            getattr(FaithfulnessTest(probability, image), measure)(torch.ones(8, 8))
    for wrong in ({"steps": 1}, {"groups": 1}):
        with pytest.raises(ValueError, match="steps and groups must be 2 or more"):
            FaithfulnessTest(probability, image, **wrong)
    for size in ((3, 5, 9), (3, 8, 5), (1, 8, 9), (1, 3, 8, 9)):
        with pytest.raises(ValueError, match=r"\[3, H, W\] with sides of 6 pixels or more, got \("):
            FaithfulnessTest(probability, torch.zeros(size))
    FaithfulnessTest(brightness(torch.ones(6, 6)), torch.zeros(3, 6, 6))
