"""Refinement equals plain loops and the authors' values."""

import numpy as np
import pytest
import torch
from reference.pamr import slow_refine

from getam.pseudo_label import refine


def drawn(batch=1, classes=2, size=(12, 16)):
    generator = torch.Generator().manual_seed(1)
    maps = torch.rand(batch, classes, *size, generator=generator)
    image = torch.randint(0, 256, (batch, 3, *size), generator=generator, dtype=torch.uint8)
    image[..., :5] = 90  # a flat region, where the deviation is 0
    image[..., 6, 2] = 255  # a pixel unlike all its neighbours: every likeness is far below 0
    return maps, image


@pytest.mark.parametrize(("dilations", "iterations"), [((1,), 3), ((1, 2, 4), 2), ((12, 24), 1)])
def test_equals_plain_loops(dilations, iterations):
    maps, image = drawn()
    slow = slow_refine(
        maps[0].double().numpy(),
        image[0].double().numpy(),
        iterations=iterations,
        dilations=dilations,
    )
    ours = refine(maps, image, iterations=iterations, dilations=dilations)
    np.testing.assert_allclose(ours[0].numpy(), slow, atol=2e-6)


@pytest.mark.parametrize("case", range(3))
def test_equals_the_released_code(case, shared_reference):
    values = np.load(shared_reference / "refine_and_label.npz")
    coarse = torch.from_numpy(values[f"case{case}_coarse_maps"])
    image = torch.from_numpy(values[f"case{case}_image"]).movedim(-1, 0)
    refined = refine(coarse[None], image[None])[0]
    np.testing.assert_allclose(refined.numpy(), values[f"case{case}_refined"], atol=1e-4)


def test_a_flipped_photo_gives_flipped_maps():
    maps, image = drawn()
    for axis in (2, 3):
        flipped = refine(maps.flip(axis), image.flip(axis)).flip(axis)
        torch.testing.assert_close(flipped, refine(maps, image), rtol=0, atol=1e-5)


def test_photos_of_a_batch_and_maps_of_a_photo_are_independent():
    maps, image = drawn(batch=3)
    together = refine(maps, image, iterations=2)
    for i in range(3):
        for c in range(2):
            alone = refine(maps[i : i + 1, c : c + 1], image[i : i + 1], iterations=2)
            torch.testing.assert_close(together[i, c], alone[0, 0])


def test_it_is_linear_and_stays_between_the_extremes():
    maps, image = drawn()
    refined = refine(maps, image)
    torch.testing.assert_close(refine(3 * maps, image), 3 * refined)
    torch.testing.assert_close(refine(torch.ones_like(maps), image), torch.ones_like(maps))
    assert refined.min() >= maps.min() - 1e-6
    assert refined.max() <= maps.max() + 1e-6


def test_without_iterations_it_only_enlarges():
    _, image = drawn()
    corners = refine(torch.tensor([[[[0.0, 1.0], [2.0, 3.0]]]]), image, iterations=0)[0, 0]
    rows = 2 * torch.linspace(0, 1, 12)[:, None] + torch.linspace(0, 1, 16)
    torch.testing.assert_close(corners, rows)


def test_arguments_stay_and_no_class_is_fine():
    maps, image = drawn()
    before = maps.clone(), image.clone()
    refine(maps, image)
    assert torch.equal(maps, before[0])
    assert torch.equal(image, before[1])
    assert refine(maps[:, :0], image).shape == (1, 0, 12, 16)


@pytest.mark.parametrize("shapes", [((1, 2, 4), (1, 3, 8, 8)), ((2, 2, 4, 4), (1, 3, 8, 8))])
def test_wrong_shapes(shapes):
    with pytest.raises(ValueError, match="refine needs maps"):
        refine(torch.zeros(shapes[0]), torch.zeros(shapes[1]))
