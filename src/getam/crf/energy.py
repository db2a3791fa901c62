"""This module computes the dense energy loss (Tang et al. 2018).

The paper is "On regularized losses for weakly-supervised CNN segmentation". The relaxed Potts
energy of a dense CRF is the sum over classes of S_c^T W (1 - S_c), where S_c holds the
probabilities of class c and W is a bilateral Gaussian. The term S_c^T W 1 hardly changes, so the
released code keeps only - S_c^T W S_c. A gate chooses the pixels that the loss changes: those of
which the network is unsure.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn.functional import interpolate

from getam.crf.kernels import (
    SMALLEST,
    bilateral_lattice,
    check_colours,
    check_probabilities,
    check_settings,
)
from getam.crf.lattice import Lattice


def dense_energy_loss(
    probabilities: Tensor,
    image: Tensor,
    valid: Tensor,
    ignore: Tensor,
    *,
    sigma_rgb: float = 15.0,
    sigma_xy: float = 100.0,
    scale: float = 0.5,
    gradient: str = "released",
    check_values: bool = True,
) -> Tensor:
    """Return a loss that rewards near pixels of like colour for having the same class.

    With x = probabilities * valid, the loss is -(1 / B) times the sum over photos and classes of
    x^T diag(gate) W x; see `uncertainty_gate`. The caller multiplies it by its weight (1e-7 as
    released).

    Parameters
    ----------
    probabilities
        [B, C, H, W] in 0..1, background included.
    image
        [B, 3, H, W] RGB in 0..255, uint8 or float.
    valid
        [B, H, W] bool, True inside the photo.
    ignore
        [B, H, W] bool, True at pixels without a pseudo label. The gate is 1 there.
    sigma_rgb
        Standard deviation of the kernel in steps of colour.
    sigma_xy
        Standard deviation of the kernel in pixels of ``image``.
    scale
        The factor by which height, width and ``sigma_xy`` are reduced before the computation.
    gradient
        A name of :data:`GRADIENTS`. ``released`` changes only the pixels that the gate chooses.
    check_values
        Whether the ranges of probabilities and colours are checked. An accelerator has to be waited
        for then, which a training step does only once; see `build_lattice`.

    Returns
    -------
    Tensor
        The loss, a scalar of at most 0. It is float64 for float64 probabilities, otherwise float32.

    Raises
    ------
    ValueError
        If a shape, a type or a range is wrong, or if ``gradient`` is unknown.

    Examples
    --------
    >>> inside = torch.ones(1, 4, 6, dtype=torch.bool)
    >>> flat = torch.full((1, 2, 4, 6), 0.5)
    >>> bool(dense_energy_loss(flat, torch.zeros(1, 3, 4, 6), inside, ~inside) < 0)
    True
    """
    _check(probabilities, image, valid, ignore)
    if check_values:
        check_colours(image)
        check_probabilities(probabilities)
    check_settings(at_least=SMALLEST, sigma_rgb=sigma_rgb, sigma_xy=sigma_xy * scale)
    if gradient not in GRADIENTS:
        raise ValueError(f"gradient must be one of {', '.join(GRADIENTS)}, got {gradient!r}")
    dtype = torch.float64 if probabilities.dtype == torch.float64 else torch.float32
    size = [max(1, int(side * scale)) for side in image.shape[2:]]
    small = interpolate(probabilities.to(dtype), size, mode="bilinear")
    photos = interpolate(image.to(dtype), size)
    inside = interpolate(valid[:, None].to(dtype), size)
    unknown = interpolate(ignore[:, None].to(dtype), size) > 0
    gate = uncertainty_gate(small, inside, unknown)
    lattice = bilateral_lattice(photos, sxy=sigma_xy * scale, srgb=sigma_rgb)
    energy = dense_energy(_rows(small * inside), _rows(gate), lattice, gradient=gradient)
    return energy / len(image)


def uncertainty_gate(probabilities: Tensor, valid: Tensor, ignore: Tensor) -> Tensor:
    """Return the gate: max(valid - largest probability, 0), and 1 for pixels in ``ignore``.

    No gradient flows through it.

    Parameters
    ----------
    probabilities
        [B, C, H, W] in 0..1.
    valid
        [B, 1, H, W], floats, 1 inside the photo and 0 outside.
    ignore
        [B, 1, H, W] bool.

    Returns
    -------
    Tensor
        The gate, [B, 1, H, W] in 0..1.
    """
    largest = probabilities.detach().amax(1, keepdim=True)
    return (valid - largest).clamp_(min=0).masked_fill_(ignore, 1)


def dense_energy(
    values: Tensor, gate: Tensor, lattice: Lattice, *, gradient: str = "released"
) -> Tensor:
    """Return minus the sum of x^T diag(gate) W x over the columns x of ``values``.

    Parameters
    ----------
    values
        [N, C] of the type of the lattice, float32 or float64.
    gate
        [N, 1]. No gradient is computed for it.
    lattice
        The filter W over N points. Its symmetric form is used.
    gradient
        A name of :data:`GRADIENTS`.

    Returns
    -------
    Tensor
        The energy, a scalar.
    """
    energy: Tensor = _DenseEnergy.apply(values, gate, lattice, GRADIENTS[gradient])
    return energy


def _released_gradient(_values: Tensor, gate: Tensor, filtered: Tensor, _: Lattice) -> Tensor:
    """Return the gate times the gradient of the energy without gate.

    Sure pixels thus pull others and are not pulled themselves.
    """
    return -2 * gate * filtered


def _exact_gradient(values: Tensor, gate: Tensor, filtered: Tensor, lattice: Lattice) -> Tensor:
    """Return the derivative of the energy with the gate held constant."""
    return -(gate * filtered + lattice.filter_symmetric(gate * values))


GRADIENTS: dict[str, Callable[[Tensor, Tensor, Tensor, Lattice], Tensor]] = {
    "released": _released_gradient,
    "exact": _exact_gradient,
}
"""The gradients of the dense energy by name. They agree if the gate is 1 everywhere."""


class _DenseEnergy(torch.autograd.Function):
    """This function filters once forward, and not at all backward for the released gradient."""

    @staticmethod
    def forward(
        ctx: Any,
        values: Tensor,
        gate: Tensor,
        lattice: Lattice,
        gradient: Callable[[Tensor, Tensor, Tensor, Lattice], Tensor],
    ) -> Tensor:
        filtered = lattice.filter_symmetric(values)
        ctx.save_for_backward(values, gate, filtered)
        ctx.lattice, ctx.gradient = lattice, gradient
        return -(values * gate * filtered).sum()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_output: Tensor) -> tuple[Tensor, None, None, None]:
        return grad_output * ctx.gradient(*ctx.saved_tensors, ctx.lattice), None, None, None


def _rows(planes: Tensor) -> Tensor:
    """Turn [B, C, H, W] into [B * H * W, C]."""
    return planes.flatten(2).mT.flatten(0, 1).contiguous()


def _check(probabilities: Tensor, image: Tensor, valid: Tensor, ignore: Tensor) -> None:
    if probabilities.ndim != 4:
        raise ValueError(f"probabilities must be [B, C, H, W], got {tuple(probabilities.shape)}")
    batch, _, height, width = probabilities.shape
    expected = {
        "image": (image, (batch, 3, height, width)),
        "valid": (valid, (batch, height, width)),
        "ignore": (ignore, (batch, height, width)),
    }
    for name, (tensor, shape) in expected.items():
        if tuple(tensor.shape) != shape:
            raise ValueError(f"{name} must be {list(shape)}, got {list(tensor.shape)}")
    for name, tensor in (("valid", valid), ("ignore", ignore)):
        if tensor.dtype != torch.bool:
            raise ValueError(f"{name} must be bool, got {tensor.dtype}")
