"""This module filters points in d dimensions with a Gaussian: the permutohedral lattice.

The source is Adams, Baek and Davis 2010. The cost is linear in the number of points N. The filter
has three steps (splat, blur, slice), and each of them is a table of weighted sums. All three run as
``embedding_bag``, torch's fused gather and weighted sum.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

import torch
from torch import Tensor
from torch.nn.functional import embedding_bag, pad

from getam.crf.simplex import enclosing_simplices
from getam.crf.vertices import neighbours, number_corners


@dataclass(frozen=True)
class Lattice:
    """A lattice holds the tables of the filter of N points over M vertices in d dimensions.

    Attributes
    ----------
    splat_point, splat_weight
        Point and weight of each contribution to a vertex, [N (d + 1)]. Those of one vertex are side
        by side.
    splat_start
        Index of the first contribution to each vertex, and last the number of contributions,
        [M + 1].
    blur_vertex, blur_weight
        Index and weight of each vertex and its two neighbours along each of the d + 1 directions,
        [d + 1, M, 3]. A missing neighbour is replaced by the vertex itself with weight 0.
    slice_vertex, slice_weight
        Index and weight of the corners of the simplex around each point, [N, d + 1].
    """

    splat_point: Tensor
    splat_weight: Tensor
    splat_start: Tensor
    blur_vertex: Tensor
    blur_weight: Tensor
    slice_vertex: Tensor
    slice_weight: Tensor

    def splat(self, values: Tensor) -> Tensor:
        """Spread the values of points [N, C] over the vertices [M, C]."""
        return embedding_bag(
            self.splat_point,
            values,
            self.splat_start,
            mode="sum",
            per_sample_weights=self.splat_weight,
            include_last_offset=True,
        )

    def blur(self, vertices: Tensor) -> Tensor:
        """Blur the values of vertices [M, C] along one direction after the other."""
        for vertex, weight in zip(self.blur_vertex, self.blur_weight, strict=True):
            vertices = _weighted_sum(vertices, vertex, weight)
        return vertices

    def blur_transposed(self, vertices: Tensor) -> Tensor:
        """Blur in the opposite order of directions. This is the transpose of :meth:`blur`."""
        for vertex, weight in zip(self.blur_vertex.flip(0), self.blur_weight.flip(0), strict=True):
            vertices = _weighted_sum(vertices, vertex, weight)
        return vertices

    def slice(self, vertices: Tensor) -> Tensor:
        """Interpolate the values of vertices [M, C] at the points [N, C]."""
        return _weighted_sum(vertices, self.slice_vertex, self.slice_weight)

    def filter(self, values: Tensor) -> Tensor:
        """Return approximately the sum of exp(-|f_i - f_j|^2 / 2) values_j over j, [N, C].

        f_i holds the features of point i, from which the lattice was built.
        """
        return self.slice(self.blur(self.splat(values)))

    def filter_symmetric(self, values: Tensor) -> Tensor:
        """Filter with the mean of the operator and its transpose.

        The result is symmetric, so its gradient is the same filter. :meth:`filter` is not exactly
        symmetric: the order of the directions matters a little if neighbours are missing.
        """
        vertices = self.splat(values)
        return self.slice((self.blur(vertices) + self.blur_transposed(vertices)) / 2)

    def scaled(self, points: Tensor, factor: float = 1.0) -> "Lattice":
        """Return the lattice whose filter is factor * diag(points) filter diag(points).

        Parameters
        ----------
        points
            One factor per point, [N], which is applied before and after filtering.
        factor
            One factor for all points, which is applied once.
        """
        return replace(
            self,
            splat_weight=self.splat_weight * points[self.splat_point],
            slice_weight=self.slice_weight * (points * factor)[:, None],
        )


def _weighted_sum(rows: Tensor, index: Tensor, weight: Tensor) -> Tensor:
    return embedding_bag(index, rows, mode="sum", per_sample_weights=weight)


def build_lattice(
    features: Tensor, *, groups: int = 1, largest: Sequence[float] | None = None
) -> Lattice:
    """Build the lattice of N points.

    Parameters
    ----------
    features
        [d, N] float32 or float64. Each dimension is divided by the standard deviation of the
        Gaussian.
    groups, largest
        See `number_corners`. With ``largest``, an accelerator is waited for once: the number of
        vertices is the size of tables. Tables of N (d + 1) rows would need no such number, but they
        would be more than a hundred times as long as those of the vertices of a photo.

    Returns
    -------
    Lattice
        The lattice, with the device and dtype of ``features``.

    Raises
    ------
    ValueError
        If the points lie so far apart that 63 bits cannot number the vertices.

    Examples
    --------
    >>> row = torch.arange(50.0)[None] / 5
    >>> build_lattice(row).filter(torch.ones(50, 1)).shape
    torch.Size([50, 1])
    """
    simplices = enclosing_simplices(features)
    numbers, place = number_corners(simplices, groups=groups, largest=largest)
    ordered, entry = torch.sort(numbers.flatten(), stable=True)
    first = torch.ones_like(ordered, dtype=torch.bool)
    torch.ne(ordered[1:], ordered[:-1], out=first[1:])
    vertex = first.cumsum(0, dtype=torch.int32).sub_(1)
    corner_vertex = torch.empty_like(vertex).scatter_(0, entry, vertex)
    start = first.nonzero().squeeze(1)
    blur_vertex, blur_weight = _blur_tables(ordered[start], place, features.dtype)
    weight = simplices.barycentric
    return Lattice(
        splat_point=(entry % features.shape[1]).int(),
        splat_weight=weight.flatten()[entry],
        splat_start=pad(start, (0, 1), value=len(entry)).int(),
        blur_vertex=blur_vertex,
        blur_weight=blur_weight,
        slice_vertex=corner_vertex.view_as(weight).t().contiguous(),
        slice_weight=weight.t().contiguous() / (1 + 2.0 ** -len(features)),
    )


def _blur_tables(numbers: Tensor, place: list[int], dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """Return the tables of the blur (1/2, 1, 1/2) of the numbered vertices, [d + 1, M, 3]."""
    index, found = neighbours(numbers, place)
    itself = torch.arange(len(numbers), dtype=index.dtype, device=index.device)
    itself = itself[None, :, None].expand(len(place), -1, 1)
    weight = torch.cat([torch.ones_like(itself, dtype=dtype), found.to(dtype) / 2], 2)
    return torch.cat([itself, index], 2), weight


def join(lattices: Sequence[Lattice]) -> Lattice:
    """Join lattices to one that filters all their points at once.

    Points of different lattices do not mix.

    Parameters
    ----------
    lattices
        One lattice or more, all of the same number of dimensions, device and dtype.

    Returns
    -------
    Lattice
        The joint lattice. The points of each lattice follow those of the lattice before.
    """
    if len(lattices) == 1:
        return lattices[0]
    return Lattice(
        splat_point=_joined([(a.splat_point, len(a.slice_vertex)) for a in lattices]),
        splat_weight=torch.cat([a.splat_weight for a in lattices]),
        splat_start=_joined_starts(lattices),
        blur_vertex=_joined([(a.blur_vertex, a.blur_vertex.shape[1]) for a in lattices], dim=1),
        blur_weight=torch.cat([a.blur_weight for a in lattices], 1),
        slice_vertex=_joined([(a.slice_vertex, a.blur_vertex.shape[1]) for a in lattices]),
        slice_weight=torch.cat([a.slice_weight for a in lattices]),
    )


def _joined(indices: Sequence[tuple[Tensor, int]], dim: int = 0) -> Tensor:
    """Join tables of indices, each given with the number of rows that it points into."""
    before = accumulate((rows for _, rows in indices), initial=0)
    return torch.cat([index + n for (index, _), n in zip(indices, before, strict=False)], dim)


def _joined_starts(lattices: Sequence[Lattice]) -> Tensor:
    starts = _joined([(a.splat_start[:-1], len(a.splat_point)) for a in lattices])
    return pad(starts, (0, 1), value=sum(len(a.splat_point) for a in lattices))
