"""Maps equal explicit N x N attention with one backward per image and class."""

import pytest
import torch
from reference.explicit_attention import slow_map

from getam.activation import activation_maps

from .models import FAMILIES, tiny, tiny_network

CLASSES = [[3, 0], [], [1, 0, 2]]


def assert_equal_slow(model, images, maps, *, prefix, grid, first_block):
    assert len(maps) == len(images)
    for image, wanted, image_maps in zip(images, CLASSES, maps, strict=True):
        assert image_maps.shape == (len(wanted), *grid)
        assert image_maps.dtype == torch.float32
        for index, ours in zip(wanted, image_maps, strict=True):
            slow = slow_map(
                model,
                image,
                index,
                method="getam",
                first_block=first_block,
                prefix=prefix,
                grid=grid,
            )
            assert slow.abs().max() > 0
            torch.testing.assert_close(ours, slow, rtol=1e-4, atol=1e-5 * slow.max().item())


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("first_block", [0, 6])
def test_every_family(family, first_block):
    model, images, prefix, grid = tiny(family)
    maps = activation_maps(model, images, classes=CLASSES, first_block=first_block)
    assert_equal_slow(model, images, maps, prefix=prefix, grid=grid, first_block=first_block)


@pytest.mark.parametrize("family", ["eva02", "attention bias", "rotary and registers"])
def test_the_last_block_where_the_classifier_averages_patches(family):
    model, images, prefix, grid = tiny(family)
    maps = activation_maps(model, images, classes=CLASSES, first_block=7)
    assert_equal_slow(model, images, maps, prefix=prefix, grid=grid, first_block=7)


@pytest.mark.parametrize("size", [(48, 64), (45, 61)])
def test_our_network_at_sizes_that_are_not_whole_patches(size):
    network = tiny_network()
    images = torch.randn(1, 3, *size)
    (maps,) = activation_maps(network, images, classes=[[2]], first_block=3)
    slow = slow_map(network, images[0], 2, method="getam", first_block=3, prefix=1, grid=(6, 8))
    torch.testing.assert_close(maps[0], slow, rtol=1e-4, atol=1e-5 * slow.max().item())


def test_an_image_does_not_depend_on_its_batch_mates():
    model, images, _, _ = tiny()
    together = activation_maps(model, images, classes=CLASSES)
    for image, wanted, maps in zip(images, CLASSES, together, strict=True):
        (alone,) = activation_maps(model, image[None], classes=[wanted])
        torch.testing.assert_close(maps, alone, rtol=1e-4, atol=1e-9)


def test_order_and_repeats_are_the_askers():
    model, images, _, _ = tiny()
    (maps,) = activation_maps(model, images[:1], classes=[[2, 1, 2]])
    (swapped,) = activation_maps(model, images[:1], classes=[[1, 2]])
    torch.testing.assert_close(maps[[1, 0]], swapped)
    assert torch.equal(maps[0], maps[2])


def test_no_class_at_all():
    model, images, _, grid = tiny()
    maps = activation_maps(model, images, classes=[[], [], []], normalise=True)
    assert [m.shape for m in maps] == [(0, *grid)] * 3


def test_normalised_to_one():
    model, images, _, _ = tiny()
    raw = activation_maps(model, images, classes=CLASSES)
    ones = activation_maps(model, images, classes=CLASSES, normalise=True)
    for plain, scaled in zip(raw, ones, strict=True):
        torch.testing.assert_close(scaled, plain / plain.amax((1, 2), keepdim=True))
