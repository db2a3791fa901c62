"""The kernels of a photo against the exact Gaussian sum."""

import math

import pytest
import torch

from getam.crf.kernels import bilateral_lattice, lattice_of_all, spatial_lattice


def smooth_rows(size, channels=3):
    generator = torch.Generator().manual_seed(0)
    planes = torch.randn(1, channels, 4, 4, generator=generator, dtype=torch.float64) * 2
    planes = torch.nn.functional.interpolate(planes, size, mode="bicubic").softmax(1)
    return planes[0].flatten(1).mT.contiguous()


def exact_kernel(image, sxy, srgb):
    _, height, width = image.shape
    row, column = torch.meshgrid(
        torch.arange(height).double(), torch.arange(width).double(), indexing="ij"
    )
    points = [column.flatten() / sxy, row.flatten() / sxy, *(image.flatten(1) / srgb)]
    points = torch.stack(points, 1)
    return (-torch.cdist(points, points).square() / 2).exp()


@pytest.mark.parametrize(("sxy", "srgb"), [(80, 13), (83, 5), (50, 15), (3, math.inf)])
@pytest.mark.parametrize("index", [5, 6, 7])
def test_weighted_mean_is_within_two_percent_of_the_exact_one(read_photo, sxy, srgb, index):
    image = read_photo((36, 48), index)
    if srgb == math.inf:
        lattice = spatial_lattice(36, 48, float(sxy), torch.float64, torch.device("cpu"))
    else:
        lattice = bilateral_lattice(image[None], sxy=sxy, srgb=srgb)
    kernel = exact_kernel(image, sxy, srgb)
    rows = smooth_rows((36, 48))
    ones = torch.ones(len(rows), 1, dtype=torch.float64)
    found = lattice.filter(rows) / lattice.filter(ones)
    expected = kernel @ rows / kernel.sum(1, keepdim=True)
    assert (found - expected).abs().mean() < 0.02


def test_constants_are_preserved_after_normalisation(read_photo):
    lattice = bilateral_lattice(read_photo((20, 30))[None], sxy=20, srgb=10)
    ones = torch.ones(600, 1, dtype=torch.float64)
    assert torch.allclose(lattice.filter(7 * ones) / lattice.filter(ones), 7 * ones)


def test_photos_in_one_lattice_are_filtered_as_each_by_itself(read_photo):
    # An accelerator gets all photos at once, numbered by bounds of the cells that are known before.
    photos = torch.stack([read_photo((20, 30), index) for index in (5, 6, 7)])
    values = torch.rand(3 * 600, 2, generator=torch.Generator().manual_seed(0)).double()
    expected = bilateral_lattice(photos, sxy=20, srgb=10).filter(values)
    assert torch.equal(lattice_of_all(photos, sxy=20, srgb=10).filter(values), expected)
