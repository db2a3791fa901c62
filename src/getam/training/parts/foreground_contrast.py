"""Features of what a map covers are alike over the photos, and unlike the rest.

This is the contrast of "Contrastive-Aware ViT" (Pativada, code of 2023), after CCAM (Xie et al.,
CVPR 2022). The released code compares the features of all classes from some class on, joined to one
vector that is cut after as many channels as there are classes; here every class is compared by
itself, as described.
"""

import torch
from torch import Tensor
from torch.nn.functional import normalize

from getam.training.parts.class_tokens import PatchMaps, last_patches
from getam.training.parts.part_input import Seen

LEAST, MOST = 5e-4, 0.9995
DECAY = 0.25


def foreground_contrast(maps: Tensor, tokens: Tensor) -> Tensor:
    """Attract foregrounds to each other and backgrounds to each other, and repel the two.

    With p = sigmoid(map), an image has the features mean(p F) and mean((1 - p) F) of each class.
    The losses of all classes are averaged.

    Parameters
    ----------
    maps
        [B, C, P], logits.
    tokens
        F, [B, P, D].
    """
    with torch.autocast(maps.device.type, enabled=False):  # half precision rounds 0.9995 to 1
        return _contrast(maps.float().sigmoid(), tokens.float())


def _contrast(shares: Tensor, tokens: Tensor) -> Tensor:
    patches = tokens.shape[1]
    foreground = (shares @ tokens / patches).transpose(0, 1)
    background = ((1 - shares) @ tokens / patches).transpose(0, 1)
    return attract(foreground) + attract(background) + repel(foreground, background)


def attract(features: Tensor) -> Tensor:
    """Return the mean of -log cos_ij exp(-rank_ij / 4) over all pairs of images and classes.

    The rank of an image j among those most like image i counts from -1, which is i itself, as in
    the released code.

    Parameters
    ----------
    features
        [C, B, D].
    """
    cosines = likeness(features, features)
    order = cosines.argsort(-1, descending=True)
    ranks = order.argsort(-1) - 1
    return -(cosines.log() * torch.exp(-DECAY * ranks)).mean()


def repel(foreground: Tensor, background: Tensor) -> Tensor:
    """Return the mean of -log(1 - cos_ij) over all pairs of images and classes, both [C, B, D]."""
    return -(1 - likeness(foreground, background)).log().mean()


def likeness(left: Tensor, right: Tensor) -> Tensor:
    """Return the cosines [C, B, B], kept between 0.0005 and 0.9995 so that logarithms exist."""
    return (normalize(left, dim=-1) @ normalize(right, dim=-1).mT).clamp(LEAST, MOST)


class ForegroundContrast:
    """The patch maps divide the features of a photo into foreground and background.

    Parameters
    ----------
    patch_maps
        The part that makes them.
    """

    def __init__(self, patch_maps: PatchMaps) -> None:
        self.patch_maps = patch_maps

    def __call__(self, seen: Seen) -> Tensor:
        """Contrast foreground and background over the photos that this process has of a batch."""
        tokens = last_patches(seen)
        maps = self.patch_maps.maps(tokens, seen.features.grid)
        return foreground_contrast(maps.flatten(2), tokens)
