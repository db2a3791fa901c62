"""This module runs a dense CRF by mean field, with a Potts model and two Gaussian kernels.

The source is Kraehenbuehl and Koltun 2011.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from getam.crf.kernels import (
    SMALLEST,
    bilateral_lattice,
    check_colours,
    check_probabilities,
    check_settings,
    spatial_lattice,
)
from getam.crf.lattice import Lattice, join

FLOOR = 1e-5
"""Least probability that is used (as in pydensecrf). A class that is never above it is absent."""


def dense_crf(
    probabilities: Tensor,
    image: Tensor,
    *,
    sxy: float = 80.0,
    srgb: float = 13.0,
    compat: float = 10.0,
    gaussian_sxy: float = 3.0,
    gaussian_compat: float = 3.0,
    iterations: int = 10,
) -> Tensor:
    """Sharpen class probabilities along the edges of the photos.

    Parameters
    ----------
    probabilities
        [B, C, H, W] in 0..1, of any float type. A class that is nowhere above 1e-5 in a photo gets
        the probability 0 there.
    image
        [B, 3, H, W] RGB in 0..255, uint8 or float.
    sxy
        Standard deviation of the bilateral kernel in pixels.
    srgb
        Standard deviation of the bilateral kernel in steps of colour.
    compat
        Weight of the bilateral kernel.
    gaussian_sxy
        Standard deviation of the spatial kernel in pixels.
    gaussian_compat
        Weight of the spatial kernel.
    iterations
        Number of rounds of mean field.

    Returns
    -------
    Tensor
        Probabilities [B, C, H, W] in the dtype of ``probabilities``. No gradient flows.

    Raises
    ------
    ValueError
        If a shape, a type or a range is wrong.

    Examples
    --------
    >>> dense_crf(torch.full((1, 2, 4, 6), 0.5), torch.zeros(1, 3, 4, 6)).shape
    torch.Size([1, 2, 4, 6])
    """
    _check_photos(image)
    _check(probabilities, image.shape)
    settings: dict[str, Any] = {
        "sxy": sxy,
        "srgb": srgb,
        "compat": compat,
        "gaussian_sxy": gaussian_sxy,
        "gaussian_compat": gaussian_compat,
    }
    # The tables of one photo fit the caches of a CPU, those of four do not.
    step = 1 if image.device.type == "cpu" else len(image)
    with torch.autocast(image.device.type, enabled=False):
        refined = [
            DenseCRF(photos, **settings)(part, iterations=iterations)
            for part, photos in zip(probabilities.split(step), image.split(step), strict=True)
        ]
        return torch.cat(refined)


class DenseCRF:
    """A dense CRF holds the kernels of photos of one size, for several sets of probabilities.

    Parameters
    ----------
    image
        [B, 3, H, W] RGB in 0..255, uint8 or float. The computation is in float64 if the image is,
        otherwise in float32.
    sxy, srgb, compat, gaussian_sxy, gaussian_compat, iterations
        See :func:`dense_crf`. ``DenseCRF(image, **PRESETS["test"])`` takes them from a preset.
    """

    @torch.no_grad()
    def __init__(
        self,
        image: Tensor,
        *,
        sxy: float = 80.0,
        srgb: float = 13.0,
        compat: float = 10.0,
        gaussian_sxy: float = 3.0,
        gaussian_compat: float = 3.0,
        iterations: int = 10,
    ) -> None:
        _check_photos(image)
        check_colours(image)
        check_settings(
            at_least=0,
            compat=compat,
            gaussian_compat=gaussian_compat,
            iterations=iterations,
        )
        check_settings(at_least=SMALLEST, sxy=sxy, srgb=srgb, gaussian_sxy=gaussian_sxy)
        self.iterations = iterations
        dtype = torch.float64 if image.dtype == torch.float64 else torch.float32
        height, width = image.shape[2:]
        spatial = spatial_lattice(height, width, float(gaussian_sxy), dtype, image.device)
        self.photos, self.dtype = image.shape, dtype
        self.gaussian = join([normalised(spatial, gaussian_compat)] * len(image))
        bilateral = bilateral_lattice(image.to(dtype), sxy=sxy, srgb=srgb)
        self.bilateral = normalised(bilateral, compat)

    @torch.no_grad()
    def __call__(self, probabilities: Tensor, *, iterations: int | None = None) -> Tensor:
        """Sharpen probabilities [B, C, H, W] of the photos; see :func:`dense_crf`.

        If ``iterations`` is given, it replaces the number given at construction.
        """
        iterations = self.iterations if iterations is None else iterations
        check_settings(at_least=0, iterations=iterations)
        _check(probabilities, self.photos)
        check_probabilities(probabilities)
        classes, present = _present_classes(probabilities)
        absent = ~present.gather(1, classes)
        classes = classes[:, :, None, None].expand(-1, -1, *probabilities.shape[2:])
        chosen = probabilities.gather(1, classes).to(self.dtype)
        scores = chosen.clamp(FLOOR, 1).log_()
        scores.masked_fill_(absent[:, :, None, None], -1e4)
        rows = scores.flatten(2).mT.flatten(0, 1).contiguous()  # [B * H * W, classes]
        rows = mean_field(rows, [self.bilateral, self.gaussian], iterations)
        refined = rows.view(len(scores), -1, scores.shape[1]).mT.reshape(scores.shape)
        return torch.zeros_like(probabilities).scatter_(1, classes, refined.to(probabilities))


def mean_field(scores: Tensor, kernels: Sequence[Lattice], iterations: int) -> Tensor:
    """Start from q = softmax(scores) and repeat q = softmax(scores + sum over kernels K of K q).

    Parameters
    ----------
    scores
        Logarithms of the probabilities, [N, C].
    kernels
        Lattices over the N points, with their weights and normalised; see :func:`normalised`.
    iterations
        Number of rounds.

    Returns
    -------
    Tensor
        The probabilities q, [N, C].
    """
    probabilities = _softmax(scores)
    for _ in range(iterations):
        total = scores
        for kernel in kernels:
            total = kernel.filter(probabilities).add_(total)
        probabilities = _softmax(total)
    return probabilities


def normalised(lattice: Lattice, weight: float = 1.0) -> Lattice:
    """Return the lattice of weight * D^-1/2 W D^-1/2, normalised as in Kraehenbuehl's library.

    D is the diagonal matrix of the sums of the rows of W.

    Parameters
    ----------
    lattice
        The filter W over N points.
    weight
        Factor of the whole filter.
    """
    ones = lattice.slice_weight.new_ones(len(lattice.slice_weight), 1)
    return lattice.scaled(lattice.filter(ones).squeeze(1).add_(1e-20).rsqrt_(), weight)


def _present_classes(probabilities: Tensor) -> tuple[Tensor, Tensor]:
    """Return the classes to compute, the present ones first, and the presence of each class.

    The classes are [B, K], where K is the largest number of present classes of a photo. The
    presence is bool [B, C].
    """
    present = probabilities.amax((2, 3)) > FLOOR
    present |= ~present.any(1, keepdim=True)  # a photo without any class keeps them all
    most = int(present.sum(1).max())
    return present.int().argsort(dim=1, descending=True, stable=True)[:, :most], present


def _softmax(scores: Tensor) -> Tensor:
    """Return the softmax of the rows of [N, C].

    The softmax of torch is several times slower on a CPU if rows are short, and so is its sum of
    short rows. But large scores would overflow here. Rows cannot underflow: the scores of present
    classes are at least log(FLOOR).
    """
    if scores.device.type != "cpu" or scores.max() > 80:
        return scores.softmax(1)
    exponential = scores.exp()
    return exponential.div_(exponential @ exponential.new_ones(exponential.shape[1], 1))


def _check_photos(image: Tensor) -> None:
    if image.ndim != 4 or image.shape[1] != 3 or image.numel() == 0:
        raise ValueError(f"image must be [B, 3, H, W] in 0..255, got {tuple(image.shape)}")


def _check(probabilities: Tensor, photos: torch.Size) -> None:
    shape = probabilities.shape
    if len(shape) != 4 or (shape[0], *shape[2:]) != (photos[0], *photos[2:]):
        raise ValueError(
            f"probabilities must be [B, C, H, W] for an image of {tuple(photos)}, "
            f"got {tuple(shape)}"
        )
    if not probabilities.is_floating_point():
        raise ValueError(f"probabilities must be floats, got {probabilities.dtype}")
    if shape[1] == 0:
        raise ValueError("probabilities must have a class or more, got [B, 0, H, W]")
