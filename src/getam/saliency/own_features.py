"""Saliency comes from a normalised cut of the patch features of the network itself.

No other weights take part, so the maps rest on what the backbone was trained with, and no more. The
idea is that of TokenCut (Wang et al., CVPR 2022).
"""

import hashlib
from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn.functional import interpolate, normalize

from getam.activation import AttentionRecorder
from getam.network import Network, patch_stride
from getam.pseudo_label import refine
from getam.saliency.normalised_cut import as_map, foreground_first, likeness, normalised_cut
from getam.saliency.provider import About, Provider

NAME = "self"
SETTINGS = "1"  # counted up when other maps come of the same weights
LONG_SIDE = 320  # pixels of the photo that the network sees
# Shares of the depth: blocks before know colours and edges, blocks after serve the class token.
FIRST_BLOCK, LAST_BLOCK = 1 / 2, 5 / 6
ITERATIONS = 10  # of the refinement to the edges of the photo


def own_features(network: Callable[[], Network]) -> Provider:
    """Return the provider that parts the patches of a photo by the features of a network.

    The network stays as it is.
    """
    ready = network().eval()
    version = f"settings {SETTINGS}, {ready.architecture.backbone}, weights {mark_of(ready)}"
    about = About(NAME, version, "that of the backbone", trained_with_masks=False)
    return Provider(about, lambda photo: find(photo, ready))


def mark_of(network: Network) -> str:
    """Return a short text that differs for other weights of the backbone."""
    mark = hashlib.sha256()
    for name, values in network.backbone.state_dict().items():
        mark.update(name.encode() + values.cpu().float().numpy().tobytes())
    return mark.hexdigest()[:12]


def find(photo: Tensor, network: Network) -> Tensor:
    """Return the map of a photo, float32 [h, w] in 0..1, whose longer side has some 320 pixels.

    Parameters
    ----------
    photo
        uint8 [3, H, W], RGB.
    network
        In evaluation mode.
    """
    image = whole_patches(photo, patch_stride(network.backbone)).to(network.mean.device)
    features, grid = patch_features(image, network)
    likely = likeness(features.cpu())  # in float64, which not every accelerator has
    found = as_map(foreground_first(normalised_cut(likely).view(grid)))
    refined = refine(found[None, None].float().to(image.device), image, iterations=ITERATIONS)
    return refined[0, 0].clamp(0, 1).cpu()


@torch.no_grad()
def patch_features(image: Tensor, network: Network) -> tuple[Tensor, tuple[int, int]]:
    """Return one vector per patch of an image, float [P, D], and the patches (h, w).

    Parameters
    ----------
    image
        From `whole_patches`, on the device of the network.
    network
        In evaluation mode.
    """
    with AttentionRecorder() as recorder:
        network.backbone(network.normalise(image))
    assert recorder.grid is not None  # every backbone makes its patches by a convolution
    height, width = recorder.grid
    first, end = (round(share * recorder.seen) for share in (FIRST_BLOCK, LAST_BLOCK))
    keys = [recorder.calls[block].key for block in range(first, max(end, first + 1))]
    return features_of(keys, patches=height * width), (height, width)


def whole_patches(photo: Tensor, stride: int) -> Tensor:
    """Return a photo as float [1, 3, h, w] in 0..255, of whole patches, at least two of them."""
    scale = LONG_SIDE / max(photo.shape[-2:])
    size = [max(1, round(side * scale / stride)) * stride for side in photo.shape[-2:]]
    return interpolate(photo[None].float(), size, mode="bilinear", antialias=True)


def features_of(keys: Sequence[Tensor], *, patches: int) -> Tensor:
    """Return one vector per patch, float [P, D]: the keys of several blocks, each of length 1.

    Parameters
    ----------
    keys
        [1, A, N, d] of each block; the last P of the N tokens are the patches.
    patches
        P.
    """
    vectors = [key[0, :, -patches:].transpose(0, 1).flatten(1) for key in keys]
    return torch.cat([normalize(vector, dim=1) for vector in vectors], dim=1)
