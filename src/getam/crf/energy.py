"""Dense energy loss (Tang et al. 2018, "On regularized losses for weakly-supervised segmentation").

The relaxed Potts energy of a dense CRF is sum over classes of S_c^T W (1 - S_c), W a bilateral
Gaussian. Its first term hardly changes, so the released code keeps - sum of S_c^T W S_c and lets
a gate choose the pixels that are moved: those the network is unsure of.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn.functional import interpolate

from getam.crf.kernels import SMALLEST, bilateral_lattice, check_settings
from getam.crf.lattice import Lattice, join


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
) -> Tensor:
    """Reward pixels that are near and alike for having the same class.

    With x = probabilities * valid, the loss is -(1 / B) sum over photos and classes of
    x^T diag(gate) W x. Multiply it by its weight (1e-7 as released) yourself.

    Parameters
    ----------
    probabilities
        [B, C, H, W] in 0..1, background included.
    image
        [B, 3, H, W] RGB in 0..255, uint8 or float.
    valid
        [B, H, W] bool, true inside the photo.
    ignore
        [B, H, W] bool, true where the pseudo label is unknown: the gate is 1 there.
    sigma_rgb, sigma_xy
        Standard deviations in steps of colour and in pixels of the size given.
    scale
        All is reduced to this part of its height and width first, ``sigma_xy`` too.
    gradient
        A name of :data:`GRADIENTS`; ``released`` moves gated pixels only.

    Returns
    -------
    Tensor
        The loss, a scalar, float32 or, for float64 probabilities, float64. Not above 0.

    Raises
    ------
    ValueError
        If a shape is not as above or ``gradient`` is unknown.

    Examples
    --------
    >>> inside = torch.ones(1, 4, 6, dtype=torch.bool)
    >>> flat = torch.full((1, 2, 4, 6), 0.5)
    >>> bool(dense_energy_loss(flat, torch.zeros(1, 3, 4, 6), inside, ~inside) < 0)
    True
    """
    _check(probabilities, image, valid, ignore)
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
    lattice = join(
        [bilateral_lattice(photo, sxy=sigma_xy * scale, srgb=sigma_rgb) for photo in photos]
    )
    energy = dense_energy(_rows(small * inside), _rows(gate), lattice, gradient=gradient)
    return energy / len(image)


def uncertainty_gate(probabilities: Tensor, valid: Tensor, ignore: Tensor) -> Tensor:
    """Compute max(valid - largest probability, 0), and 1 where ``ignore``; no gradient flows.

    Parameters
    ----------
    probabilities
        [B, C, H, W].
    valid, ignore
        [B, 1, H, W], 0 or 1 and bool.

    Returns
    -------
    Tensor
        [B, 1, H, W] in 0..1.
    """
    largest = probabilities.detach().amax(1, keepdim=True)
    return (valid - largest).clamp_(min=0).masked_fill_(ignore, 1)


def dense_energy(
    values: Tensor, gate: Tensor, lattice: Lattice, *, gradient: str = "released"
) -> Tensor:
    """Compute - sum over the columns x of ``values`` of x^T diag(gate) W x.

    Parameters
    ----------
    values
        [N, C], float32 or float64 like the lattice.
    gate
        [N, 1], constant.
    lattice
        The filter W over N points, made symmetric.
    gradient
        A name of :data:`GRADIENTS`.

    Returns
    -------
    Tensor
        A scalar.
    """
    energy: Tensor = _DenseEnergy.apply(values, gate, lattice, GRADIENTS[gradient])
    return energy


def _released_gradient(_values: Tensor, gate: Tensor, filtered: Tensor, _: Lattice) -> Tensor:
    """Gate times the gradient of the ungated energy: sure pixels pull and are not pulled."""
    return -2 * gate * filtered


def _exact_gradient(values: Tensor, gate: Tensor, filtered: Tensor, lattice: Lattice) -> Tensor:
    """Derivative of the gated energy, the gate held constant."""
    return -(gate * filtered + lattice.filter_symmetric(gate * values))


GRADIENTS: dict[str, Callable[[Tensor, Tensor, Tensor, Lattice], Tensor]] = {
    "released": _released_gradient,
    "exact": _exact_gradient,
}
"""Gradients of the dense energy by name; the two agree where the gate is 1 everywhere."""


class _DenseEnergy(torch.autograd.Function):
    """The energy with one filter forward and, for the released gradient, none backward."""

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
    if not 0 <= image.amin().item() <= image.amax().item() <= 256:
        raise ValueError("image must lie in 0..255, without nan")
    if not (probabilities.amin() >= 0 and probabilities.amax() <= 1.01):
        raise ValueError("probabilities must lie in 0..1; take the softmax of logits first")
