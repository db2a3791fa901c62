"""Prototypes of classes from a pretrained encoder (CPEWS, contextual prototypes, code of 2025).

They are made once, before training. The functions follow the released code.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from sklearn.cluster import KMeans
from torch import Tensor
from torch.nn.functional import interpolate

SCALES = (1.0, 0.5, 1.5, 2.0)
COVERED = 0.1  # share of a map's maximum above which it covers a patch
COUNT = 10  # prototypes of a class
ITERATIONS = 10

MapsAndFeatures = Callable[[Tensor], tuple[Tensor, Tensor]]
"""Images [B, 3, H, W] become signed class maps [B, C, h, w] and features [B, D, h, w]."""


@dataclass(frozen=True)
class Prototypes:
    """The prototypes of every class, float32 [n, D] each; n may be 0.

    Attributes
    ----------
    positive
        Centres of what the maps cover in photos of the class.
    negative
        What the maps cover in photos without the class that look most like it.
    unshared
        Those of the negatives whose photo has no class of the same group.
    """

    positive: Sequence[Tensor]
    negative: Sequence[Tensor]
    unshared: Sequence[Tensor]


@torch.no_grad()
def mean_of_scales(
    look: MapsAndFeatures, image: Tensor, *, scales: Sequence[float] = SCALES
) -> tuple[Tensor, Tensor]:
    """Average maps and features over sizes and mirroring, on the grid of the image's own size.

    Parameters
    ----------
    look
        What makes them.
    image
        [B, 3, H, W].
    scales
        Relative sizes; sides are truncated to whole pixels.

    Returns
    -------
    tuple of Tensor
        [B, C, h, w] and [B, D, h, w].
    """
    grid = look(image)[0].shape[-2:]
    height, width = image.shape[-2:]
    views = []
    for scale in scales:
        size = (max(1, int(height * scale)), max(1, int(width * scale)))
        view = interpolate(image, size, mode="bilinear", align_corners=False)
        for flipped in (False, True):
            made = look(view.flip(-1) if flipped else view)
            large = [interpolate(own, grid, mode="bilinear", align_corners=True) for own in made]
            views.append([own.flip(-1) if flipped else own for own in large])
    maps, features = (torch.stack(own).mean(0) for own in zip(*views, strict=True))
    return maps, features


def covered(maps: Tensor, *, floor: float) -> Tensor:
    """Say where relu(map) / (maximum + floor) exceeds 0.1, bool [..., h, w]."""
    return maps.relu() / (maps.amax((-2, -1), keepdim=True) + floor) > COVERED


def covered_mean(features: Tensor, cover: Tensor) -> Tensor:
    """Return the mean feature of the covered patches.

    Parameters
    ----------
    features
        [..., D, h, w].
    cover
        bool [..., h, w].

    Returns
    -------
    Tensor
        [..., D]; nearly 0 if nothing is covered.
    """
    summed = (features * cover.unsqueeze(-3)).sum((-2, -1))
    return summed / (cover.sum((-2, -1)).unsqueeze(-1) + 1e-5)


def build_prototypes(
    maps: Tensor,
    features: Tensor,
    tags: Sequence[Sequence[int]],
    *,
    groups: Mapping[int, int],
    alone: frozenset[int] = frozenset(),
    count: int = COUNT,
) -> Prototypes:
    """Make the prototypes of all classes from the photos of a data set.

    Parameters
    ----------
    maps, features
        [n, C, h, w] and [n, D, h, w] of the n photos, as :func:`mean_of_scales` returns them.
    tags
        The classes of each photo.
    groups
        The group of each class. Classes of one group share what stands around them.
    alone
        Classes without unshared negatives; for the authors, person.
    count
        Most prototypes of a class.
    """
    cover = covered(maps, floor=1e-5)
    means = torch.stack([covered_mean(features, own) for own in cover.unbind(1)])  # [C, n, D]
    scores = maps.mean((2, 3))  # [n, C]
    positive, negative, unshared = [], [], []
    for index, own in enumerate(means):
        photos = [photo for photo, present in enumerate(tags) if index in present]
        positive.append(centres(own[photos], count))
        order = scores[:, index].argsort(descending=True, stable=True).tolist()
        others = [photo for photo in order if index not in tags[photo]][:count]
        negative.append(own[others])
        apart = [
            photo
            for photo in others
            if index not in alone and all(groups[tag] != groups[index] for tag in tags[photo])
        ]
        unshared.append(own[apart])
    return Prototypes(positive, negative, unshared)


def centres(features: Tensor, count: int) -> Tensor:
    """Return at most ``count`` centres of features [n, D] by K-means from seed 0, 10 iterations."""
    if len(features) == 0:
        return features
    clusters = KMeans(min(count, len(features)), max_iter=ITERATIONS, random_state=0)
    found = clusters.fit(features.float().cpu().numpy()).cluster_centers_
    return torch.from_numpy(found).to(features)
