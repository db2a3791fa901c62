"""Maps are enlarged bilinearly in two ways, which differ in what points of the two grids meet."""

from collections.abc import Sequence

from torch import Tensor
from torch.nn.functional import interpolate


def enlarge_aligning_edges(maps: Tensor, size: Sequence[int]) -> Tensor:
    """Enlarge maps [..., h, w] to a size (H, W) so that the outer edges of both grids meet.

    This is how one picture is brought to another size: every value covers an equal area.
    """
    return _enlarge(maps, size, align_corners=False)


def enlarge_aligning_corners(maps: Tensor, size: Sequence[int]) -> Tensor:
    """Enlarge maps [..., h, w] to a size (H, W) so that the centres of the corner values meet.

    This is how the released code of GETAM brings maps to the photo before it refines them.
    """
    return _enlarge(maps, size, align_corners=True)


def _enlarge(maps: Tensor, size: Sequence[int], *, align_corners: bool) -> Tensor:
    # Every map is a photo of one channel: interpolate refuses photos of no channels, and a photo
    # without classes has no maps.
    one_by_one = maps.flatten(0, -3)[:, None]
    enlarged = interpolate(one_by_one, tuple(size), mode="bilinear", align_corners=align_corners)
    return enlarged.view(*maps.shape[:-2], *size)
