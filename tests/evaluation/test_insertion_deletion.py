"""Insertion and deletion against one pixel at a time, and on a classifier that reads one pixel."""

import pytest
import torch

from getam.evaluation import area, deletion, insertion
from getam.evaluation.insertion_deletion import replaced


def pixel_by_pixel(start, end, strength, steps):
    """Images on the way from start to end, by a loop over sorted pixels."""
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


@pytest.mark.parametrize("steps", [1, 4, 10])
def test_strongest_pixels_are_replaced_first(steps):
    generator = torch.Generator().manual_seed(0)
    start, end = torch.rand(2, 3, 5, 7, generator=generator)
    strength = (torch.rand(5, 7, generator=generator) * 4).round()  # with ties
    images = replaced(start, end, strength, steps=steps)
    assert torch.equal(images, pixel_by_pixel(start, end, strength, steps))
    assert torch.equal(images[0], start)
    assert torch.equal(images[-1], end)


def one_pixel(images):
    """A class that is there when the pixel (2, 3) is bright."""
    return images[:, 0, 2, 3]


def test_a_map_that_knows_the_pixel_beats_one_that_does_not():
    image = torch.zeros(3, 20, 20)
    image[:, 2, 3] = 1
    right, wrong = torch.zeros(2, 20, 20)
    right[2, 3], wrong[2, 3] = 1, -1
    assert deletion(one_pixel, image, right, steps=4).tolist() == [1, 0, 0, 0, 0]
    assert deletion(one_pixel, image, wrong, steps=4).tolist() == [1, 1, 1, 1, 0]
    shown = insertion(one_pixel, image, right, steps=4)
    assert shown[1:].tolist() == [1, 1, 1, 1]
    # What the blur leaves of one bright pixel: the middle of the normalised Gaussian, squared.
    kernel = torch.exp(-(torch.arange(-5.0, 6) ** 2) / (2 * 5.0**2))
    near_the_edge = kernel / kernel.sum()
    assert shown[0].item() == pytest.approx(_blurred(near_the_edge), rel=1e-4)
    assert area(insertion(one_pixel, image, wrong, steps=4)) < area(shown)


def _blurred(kernel):
    """Weight of pixel (2, 3) on itself under a blur whose borders are reflected."""

    def weight(position):
        sources = [abs(position + offset) for offset in range(-5, 6)]  # reflection at 0
        return sum(k for k, at in zip(kernel.tolist(), sources, strict=True) if at == position)

    return weight(2) * weight(3)


def test_area_is_the_mean_height():
    curve = torch.tensor([0.2, 0.4, 0.9])
    assert area(curve) == pytest.approx((0.3 + 0.65) / 2)
    assert area(torch.ones(11)) == pytest.approx(1)


def test_another_size_is_refused():
    with pytest.raises(ValueError, match=r"strength must be \[H, W\] = \(4, 4\)"):
        replaced(torch.zeros(3, 4, 4), torch.zeros(3, 4, 4), torch.zeros(2, 4), steps=2)
    with pytest.raises(ValueError, match="steps 1 or more"):
        replaced(torch.zeros(3, 4, 4), torch.zeros(3, 4, 4), torch.zeros(4, 4), steps=0)
