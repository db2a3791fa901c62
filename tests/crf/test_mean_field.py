"""Dense CRF against pydensecrf2, against exact Gaussian sums, and its properties."""

import numpy as np
import pytest
import torch

from getam.crf import PRESETS, DenseCRF, dense_crf

SIZE = (60, 80)


def make_probabilities(classes, size=SIZE, seed=0):
    """Blobs with noise on them, as upsampled maps of a network are."""
    generator = torch.Generator().manual_seed(seed)
    blobs = torch.randn(1, classes, 5, 6, generator=generator) * 3
    blobs = torch.nn.functional.interpolate(blobs, size, mode="bicubic")
    return (blobs + torch.randn(1, classes, *size, generator=generator)).softmax(1)


def compiled(probabilities, image, settings):
    """pydensecrf2 on one photo, [C, H, W]."""
    library = pytest.importorskip(
        "pydensecrf.densecrf", reason="pydensecrf2 (extra `dev`, compiles) is not installed"
    )
    classes, height, width = probabilities.shape
    crf = library.DenseCRF2D(width, height, classes)
    unary = -np.log(probabilities.clamp(1e-5, 1).numpy())
    crf.setUnaryEnergy(np.ascontiguousarray(unary.reshape(classes, -1)))
    crf.addPairwiseGaussian(sxy=settings["gaussian_sxy"], compat=settings["gaussian_compat"])
    crf.addPairwiseBilateral(
        sxy=settings["sxy"],
        srgb=settings["srgb"],
        rgbim=np.ascontiguousarray(image.permute(1, 2, 0).byte().numpy()),
        compat=settings["compat"],
    )
    inferred = np.array(crf.inference(settings["iterations"]))
    return torch.from_numpy(inferred).view(classes, height, width)


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("classes", [3, 21])
def test_equals_pydensecrf(read_photo, preset, classes):
    image, probabilities = read_photo((120, 176)), make_probabilities(classes, (120, 176))
    expected = compiled(probabilities[0], image, PRESETS[preset])
    found = dense_crf(probabilities, image[None], **PRESETS[preset])[0]
    assert (found.argmax(0) == expected.argmax(0)).double().mean() >= 0.998
    assert (found - expected).abs().mean() <= 1e-3


def test_the_order_of_the_colours_changes_only_the_rounding_of_the_lattice(read_photo):
    """The released test hands over blue, green, red; the kernel sums squares over them."""
    image, probabilities = read_photo((120, 176))[None], make_probabilities(7, (120, 176))
    found = dense_crf(probabilities, image, **PRESETS["test"])
    turned = dense_crf(probabilities, image.flip(1), **PRESETS["test"])
    assert (found.argmax(1) == turned.argmax(1)).double().mean() >= 0.99
    assert (found - turned).abs().mean() <= 0.01


def test_equals_pydensecrf_when_most_classes_are_absent(read_photo):
    image, some = read_photo(SIZE), make_probabilities(3)
    probabilities = torch.zeros(1, 21, *SIZE)
    probabilities[:, [0, 8, 15]] = some
    expected = compiled(probabilities[0], image, PRESETS["maps"])
    found = dense_crf(probabilities, image[None])[0]
    assert (found - expected).abs().mean() <= 1e-3
    assert found[[1, 20]].max() == 0


def exact_mean_field(probabilities, image, *, sxy, srgb, compat, iterations):
    """Mean field with N x N kernels; the spatial one is (3, 3)."""
    classes, height, width = probabilities.shape
    row, column = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    place = torch.stack([column.flatten(), row.flatten()], 1).double()
    colour = image.flatten(1).mT / srgb
    total = torch.zeros(len(place), len(place), dtype=torch.float64)
    for features, weight in ((place / 3, 3), (torch.cat([place / sxy, colour], 1), compat)):
        kernel = (-torch.cdist(features, features).square() / 2).exp()
        scale = kernel.sum(1).rsqrt()
        total += weight * scale[:, None] * kernel * scale
    start = probabilities.flatten(1).mT.double().clamp(1e-5, 1).log()
    q = start.softmax(1)
    for _ in range(iterations):
        q = (start + total @ q).softmax(1)
    return q.mT.view(classes, height, width)


@pytest.mark.parametrize("index", [5, 6, 7])
def test_is_within_two_percent_of_exact_sums(read_photo, index):
    settings = {"sxy": 20.0, "srgb": 20.0, "compat": 4.0, "iterations": 5}
    image, probabilities = read_photo((36, 48), index), make_probabilities(3, (36, 48))
    found = dense_crf(probabilities, image[None], **settings)[0]
    expected = exact_mean_field(probabilities[0], image, **settings)
    assert (found - expected).abs().mean() < 0.02


def test_a_batch_equals_its_photos_one_by_one(read_photo):
    images = torch.stack([read_photo(SIZE, index) for index in (5, 6)])
    probabilities = torch.zeros(2, 6, *SIZE)
    probabilities[0, [0, 2]] = make_probabilities(2)[0]
    probabilities[1, [0, 3, 5]] = make_probabilities(3)[0]
    together = DenseCRF(images)(probabilities)
    alone = [
        dense_crf(p[None], i[None])[0] for p, i in zip(probabilities, images.float(), strict=True)
    ]
    assert torch.allclose(together, torch.stack(alone), atol=1e-4)
    assert torch.allclose(dense_crf(probabilities, images), together, atol=1e-4)


def test_one_crf_serves_several_probabilities(read_photo):
    image = read_photo(SIZE)[None].float()
    crf = DenseCRF(image)
    for seed in (1, 2):
        probabilities = make_probabilities(3, seed=seed)
        assert torch.equal(
            crf(probabilities, iterations=3), dense_crf(probabilities, image, iterations=3)
        )


@pytest.mark.parametrize("dims", [(2,), (3,), (2, 3)])
def test_flipped_in_flipped_out(read_photo, dims):
    image, probabilities = read_photo(SIZE)[None], make_probabilities(3)
    straight = dense_crf(probabilities, image)
    flipped = dense_crf(probabilities.flip(dims), image.flip(dims)).flip(dims)
    assert (straight - flipped).abs().mean() < 0.04  # the phase of the lattice; compiled: same


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_dtypes_follow_the_probabilities(read_photo, dtype):
    image, probabilities = read_photo(SIZE)[None].byte(), make_probabilities(3)
    expected = dense_crf(probabilities, image)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = dense_crf(probabilities.to(dtype), image)
    assert found.dtype == dtype
    assert (found.float() - expected).abs().mean() < 0.005


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (40, 1), (7, 90)])
@pytest.mark.parametrize("classes", [1, 2])
def test_thin_photos_and_one_class(size, classes):
    image = torch.rand(1, 3, *size) * 255
    found = dense_crf(make_probabilities(classes, size), image)
    assert torch.allclose(found.sum(1), torch.ones(1, *size), atol=1e-5)


def test_large_weights_do_not_overflow(read_photo):
    found = dense_crf(make_probabilities(3), read_photo(SIZE)[None], compat=500)
    assert torch.allclose(found.sum(1), torch.ones(1, *SIZE), atol=1e-5)


def test_no_iterations_return_what_came(read_photo):
    probabilities = make_probabilities(4)
    before = probabilities.clone()
    found = dense_crf(probabilities, read_photo(SIZE)[None], iterations=0)
    assert torch.allclose(found, before, atol=1e-4)
    assert torch.equal(probabilities, before)


def test_a_photo_without_any_class_gets_equal_shares():
    found = dense_crf(torch.zeros(1, 4, 5, 6), torch.zeros(1, 3, 5, 6))
    assert torch.allclose(found, torch.full((1, 4, 5, 6), 0.25))


@pytest.mark.parametrize(
    ("probabilities", "image", "message"),
    [
        (torch.rand(1, 2, 4, 4), torch.rand(1, 4, 4), "image must be"),
        (torch.rand(1, 2, 4, 5), torch.rand(1, 3, 4, 4), "probabilities must be"),
        (torch.full((1, 2, 4, 4), -3.0), torch.rand(1, 3, 4, 4), "softmax"),
        (torch.full((1, 2, 4, 4), torch.nan), torch.rand(1, 3, 4, 4), "softmax"),
    ],
)
def test_wrong_arguments_are_named(probabilities, image, message):
    with pytest.raises(ValueError, match=message):
        dense_crf(probabilities, image)


def test_probabilities_must_be_floats_and_photos_finite():
    image = torch.zeros(1, 3, 4, 5)
    with pytest.raises(ValueError, match="must be floats"):
        dense_crf(torch.ones(1, 2, 4, 5, dtype=torch.bool), image)
    with pytest.raises(ValueError, match="without nan"):
        dense_crf(torch.full((1, 2, 4, 5), 0.5), image.fill_(float("nan")))
