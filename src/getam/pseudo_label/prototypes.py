"""A pretrained encoder gives prototypes of classes (CPEWS, contextual prototypes, 2025).

They are made once, before training. The functions follow the released code.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import interpolate

SCALES = (1.0, 0.5, 1.5, 2.0)
COVERED = 0.1  # share of a map's maximum above which it covers a patch
COUNT = 10  # prototypes of a class
ITERATIONS = 10

MapsAndFeatures = Callable[[Tensor], tuple[Tensor, Tensor]]
"""Images [B, 3, H, W] become signed class maps [B, C, h, w] and features [B, D, h, w]."""


class Regions(NamedTuple):
    """Regions are what the maps of one photo cover, class by class.

    Attributes
    ----------
    means
        float32 [C, D], the mean feature of each region.
    there
        bool [C], whether the map of a class covers anything.
    scores
        float32 [C], the mean of each signed map.
    present, absent
        The classes that the photo shows, and those that it is known not to show.
    """

    means: Tensor
    there: Tensor
    scores: Tensor
    present: Sequence[int]
    absent: Sequence[int]


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


class Rival(NamedTuple):
    """A rival is what a map covers in a photo that does not show the class of the map."""

    score: float
    mean: Tensor
    present: Sequence[int]


@torch.no_grad()
def mean_of_scales(
    look: MapsAndFeatures, image: Tensor, *, scales: Sequence[float] = SCALES
) -> tuple[Tensor, Tensor]:
    """Average maps and features over sizes and mirroring, on the grid of the image's own size.

    Parameters
    ----------
    look
        The function that makes them.
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
        bool [..., C, h, w].

    Returns
    -------
    Tensor
        [..., C, D]; 0 if nothing is covered.
    """
    summed = cover.flatten(-2).to(features.dtype) @ features.flatten(-2).mT
    return summed / (cover.sum((-2, -1)).unsqueeze(-1) + 1e-5)


def regions(
    maps: Tensor, features: Tensor, *, present: Sequence[int], absent: Sequence[int]
) -> Regions:
    """Return what the maps [C, h, w] of a photo cover of its features [D, h, w]."""
    cover = covered(maps, floor=1e-5)
    means = covered_mean(features, cover)
    return Regions(means, cover.flatten(1).any(1), maps.mean((1, 2)), present, absent)


def build_prototypes(
    photos: Iterable[Regions],
    *,
    classes: int,
    groups: Mapping[int, int] | None = None,
    alone: frozenset[int] = frozenset(),
    count: int = COUNT,
) -> Prototypes:
    """Make the prototypes of all classes from the photos of a data set.

    A photo whose map of a class covers nothing is left out for this class. Of each class only the
    strongest rivals are kept at a time, so that the photos may be many.

    Parameters
    ----------
    photos
        The regions of each photo.
    classes
        The number of classes C.
    groups
        The group of each class. Classes of one group share what stands around them. None makes
        every class a group of its own.
    alone
        Classes without unshared negatives; for the authors, person.
    count
        Most prototypes of a class.
    """
    groups = groups or {index: index for index in range(classes)}
    shown: list[list[Tensor]] = [[] for _ in range(classes)]
    rivals: list[list[Rival]] = [[] for _ in range(classes)]
    none = torch.zeros(0, 0)
    for photo in photos:
        none = photo.means[:0]
        there, scores = photo.there.tolist(), photo.scores.tolist()
        for index in [index for index in photo.present if there[index]]:
            shown[index].append(photo.means[index].clone())
        for index in [index for index in photo.absent if there[index]]:
            rival = Rival(scores[index], photo.means[index].clone(), photo.present)
            strongest = sorted([*rivals[index], rival], key=lambda rival: -rival.score)
            rivals[index] = strongest[:count]

    def joined(means: Sequence[Tensor]) -> Tensor:
        return torch.stack([*means]) if means else none

    return Prototypes(
        [centres(joined(own), count) for own in shown],
        [joined([rival.mean for rival in own]) for own in rivals],
        [
            joined(
                [
                    rival.mean
                    for rival in own
                    if index not in alone
                    and all(groups[tag] != groups[index] for tag in rival.present)
                ]
            )
            for index, own in enumerate(rivals)
        ],
    )


def centres(features: Tensor, count: int) -> Tensor:
    """Return at most ``count`` centres of features [n, D] by K-means from seed 0, 10 iterations."""
    if len(features) == 0:
        return features
    from sklearn.cluster import KMeans  # takes seconds, and few come here

    clusters = KMeans(min(count, len(features)), max_iter=ITERATIONS, random_state=0)
    found = clusters.fit(features.float().cpu().numpy()).cluster_centers_
    return torch.from_numpy(found).to(features)
