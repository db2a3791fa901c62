"""Dense energy against exact Gaussian sums, its gradients against differences."""

import pytest
import torch

from getam.crf import build_lattice, dense_energy, dense_energy_loss
from getam.crf.energy import uncertainty_gate

SIZE = (24, 32)


def make_inputs(image, classes=3, dtype=torch.float64):
    generator = torch.Generator().manual_seed(0)
    blobs = torch.randn(1, classes, 4, 4, generator=generator, dtype=dtype)
    logits = torch.nn.functional.interpolate(blobs, SIZE, mode="bicubic")
    valid = torch.ones(1, *SIZE, dtype=torch.bool)
    valid[:, :, -4:] = False
    ignore = torch.zeros(1, *SIZE, dtype=torch.bool)
    ignore[:, 8:16] = True
    return logits.softmax(1), image[None], valid, ignore


def exact_energy(probabilities, image, valid, ignore, *, sigma_rgb, sigma_xy):
    """Minus the gated sum over all pairs of pixels of one photo."""
    row, column = torch.meshgrid(*(torch.arange(n).double() for n in SIZE), indexing="ij")
    place = torch.stack([column.flatten(), row.flatten()], 1) / sigma_xy
    points = torch.cat([place, image[0].flatten(1).mT / sigma_rgb], 1)
    kernel = (-torch.cdist(points, points).square() / 2).exp()
    gate = (valid.double() - probabilities.amax(1)).clamp(min=0)
    gate = gate.masked_fill(ignore, 1).flatten()
    x = (probabilities * valid).flatten(2)[0]
    return -(x * gate * (x @ kernel)).sum()


@pytest.mark.parametrize("index", [5, 6, 7])
def test_is_within_two_percent_of_exact_sums_up_to_the_gain(read_photo, index):
    """The lattice keeps about half of an exact sum in five dimensions, evenly: compare shares."""
    probabilities, image, valid, ignore = make_inputs(read_photo(SIZE, index))
    sigmas = {"sigma_rgb": 15.0, "sigma_xy": 50.0}
    one, inside = torch.ones_like(probabilities[:, :1]), torch.ones_like(valid)
    found = dense_energy_loss(probabilities, image, valid, ignore, scale=1, **sigmas)
    found = found / dense_energy_loss(one, image, inside, inside, scale=1, **sigmas)
    expected = exact_energy(probabilities, image, valid, ignore, **sigmas)
    expected = expected / exact_energy(one, image, inside, inside, **sigmas)
    assert found.item() == pytest.approx(expected.item(), rel=0.02)


def test_exact_gradient_equals_differences():
    features = torch.randn(5, 12, dtype=torch.float64)
    values = torch.rand(12, 3, dtype=torch.float64, requires_grad=True)
    gate, lattice = torch.rand(12, 1, dtype=torch.float64), build_lattice(features)
    assert torch.autograd.gradcheck(
        lambda x: dense_energy(x, gate, lattice, gradient="exact"), (values,)
    )


def test_released_gradient_equals_differences_where_all_pixels_are_gated_in():
    features = torch.randn(5, 12, dtype=torch.float64)
    values = torch.rand(12, 3, dtype=torch.float64, requires_grad=True)
    gate, lattice = torch.ones(12, 1, dtype=torch.float64), build_lattice(features)
    assert torch.autograd.gradcheck(lambda x: dense_energy(x, gate, lattice), (values,))


def test_released_gradient_is_gate_times_the_ungated_one():
    lattice, gate = build_lattice(torch.randn(5, 12)), torch.rand(12, 1)
    values = torch.rand(12, 3, requires_grad=True)
    (gated,) = torch.autograd.grad(dense_energy(values, gate, lattice), values)
    (open_,) = torch.autograd.grad(dense_energy(values, torch.ones(12, 1), lattice), values)
    assert torch.allclose(gated, gate * open_)


@pytest.mark.parametrize("gradient", ["released", "exact"])
def test_loss_gradient_equals_differences(read_photo, gradient):
    """On ignored pixels, where the gate does not move with the probabilities."""
    probabilities, image, valid, _ = make_inputs(read_photo(SIZE))
    everywhere = torch.ones_like(valid)
    at = probabilities.requires_grad_()
    loss = dense_energy_loss(at, image, valid, everywhere, gradient=gradient)
    (found,) = torch.autograd.grad(loss, at)
    step = torch.randn_like(at).detach() * 1e-4
    with torch.no_grad():
        up, down = (dense_energy_loss(at + s * step, image, valid, everywhere) for s in (1, -1))
    assert (found * step).sum().item() == pytest.approx((up - down).item() / 2, rel=1e-6)
    assert found[..., -2:].abs().max() == 0  # outside the photo


def test_gate_is_uncertainty_and_one_where_ignored():
    probabilities = torch.tensor([[[[0.7, 0.5, 0.9, 0.6]], [[0.3, 0.5, 0.1, 0.4]]]])
    valid = torch.tensor([[[[1.0, 1.0, 1.0, 0.0]]]])
    ignore = torch.tensor([[[[False, False, True, False]]]])
    expected = torch.tensor([[[[0.3, 0.5, 1.0, 0.0]]]])
    assert torch.allclose(uncertainty_gate(probabilities, valid, ignore), expected)


def test_batch_is_the_mean_of_its_photos(read_photo):
    parts = [make_inputs(read_photo(SIZE, index), dtype=torch.float32) for index in (5, 6)]
    alone = torch.stack([dense_energy_loss(*part) for part in parts]).mean()
    together = dense_energy_loss(*(torch.cat(p) for p in zip(*parts, strict=True)))
    assert torch.allclose(together, alone)


def test_half_precision_gives_a_float32_loss_and_a_half_gradient(read_photo):
    probabilities, image, valid, ignore = make_inputs(read_photo(SIZE))
    expected = dense_energy_loss(probabilities, image, valid, ignore)
    half = probabilities.half().requires_grad_()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = dense_energy_loss(half, image.byte(), valid, ignore)
    loss.backward()
    assert loss.dtype == torch.float32
    assert half.grad.dtype == torch.float16
    assert loss.item() == pytest.approx(expected.item(), rel=0.01)


def test_wrong_arguments_are_named(read_photo):
    probabilities, image, valid, ignore = make_inputs(read_photo(SIZE))
    with pytest.raises(ValueError, match="valid must be"):
        dense_energy_loss(probabilities, image, valid[:, 1:], ignore)
    with pytest.raises(ValueError, match="gradient must be one of released, exact"):
        dense_energy_loss(probabilities, image, valid, ignore, gradient="exacter")


def test_a_photo_one_pixel_wide():
    inside = torch.ones(1, 7, 1, dtype=torch.bool)
    probabilities = torch.full((1, 2, 7, 1), 0.5, requires_grad=True)
    dense_energy_loss(probabilities, torch.zeros(1, 3, 7, 1), inside, inside).backward()
    assert probabilities.grad.isfinite().all()


def test_masks_must_be_bool():
    inside = torch.ones(1, 4, 4, dtype=torch.bool)
    half, image = torch.full((1, 2, 4, 4), 0.5), torch.zeros(1, 3, 4, 4)
    with pytest.raises(ValueError, match="valid must be bool"):
        dense_energy_loss(half, image, inside.byte() * 255, inside)
