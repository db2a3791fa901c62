"""Class maps are averaged over sizes and mirroring (ToCo, Ru et al., CVPR 2023)."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from getam.activation import enlarge_aligning_edges
from getam.network import Features, Network

SCALES = (1.0, 0.5, 1.5)


@torch.no_grad()
def multi_scale_maps(
    maps_of: Callable[[Tensor], Tensor], image: Tensor, *, scales: Sequence[float] = SCALES
) -> Tensor:
    """Return class maps of an image at several sizes, each with its mirror image.

    At every size, the greater value of both views counts, and negative ones are 0. The sum over
    the sizes, minus its minimum, is divided by its maximum + 1e-5, per class.

    Parameters
    ----------
    maps_of
        Takes images [2 B, 3, h, w] and returns maps [2 B, C, any, any] of them.
    image
        [B, 3, H, W].
    scales
        Relative sizes; sides are truncated to whole pixels.

    Returns
    -------
    Tensor
        float32 [B, C, H, W] in 0..1, without a gradient.
    """
    height, width = image.shape[-2:]
    total = torch.zeros((), device=image.device)
    for scale in scales:
        size = (max(1, int(height * scale)), max(1, int(width * scale)))
        view = interpolate(image, size, mode="bilinear", align_corners=False)
        maps = maps_of(torch.cat([view, view.flip(-1)]))
        plain, mirrored = enlarge_aligning_edges(maps.float(), (height, width)).chunk(2)
        total = total + torch.maximum(plain, mirrored.flip(-1)).relu()
    total = total - total.amin((-2, -1), keepdim=True)
    return total / (total.amax((-2, -1), keepdim=True) + 1e-5)


def inside_of_padding(maps: Tensor, features: Features) -> Tensor:
    """Cut maps [B, C, h, w] of a padded image to what lies inside the image itself.

    Where nothing was padded, they stay as they are.
    """
    if features.padded_size == features.size:
        return maps
    height, width = features.size
    return enlarge_aligning_edges(maps, features.padded_size)[..., :height, :width]


def token_values(network: Network, features: Features) -> Tensor:
    """Return the class head's value of every patch without its bias, float32 [B, C, h, w]."""
    tokens = features.patch_tokens
    with torch.autocast(tokens.device.type, enabled=False):
        maps = tokens.float() @ network.class_head.weight.float().mT
    return maps.mT.unflatten(-1, features.grid)


def class_values(network: Network, features: Features) -> Tensor:
    """Return `token_values`, cut to the image where it was padded: float32 [B, C, any, any]."""
    return inside_of_padding(token_values(network, features), features)


def check_reads_tokens(network: Network, *, asked: str) -> None:
    """Raise a ValueError if the classifier reads something else than the tokens.

    ``asked`` says in the message who needs them.
    """
    if network.architecture.classifier == "stride32":
        raise ValueError(
            f"{asked} needs a classifier that reads tokens: choose another one than stride32 "
            "(--classifier maximum)"
        )
