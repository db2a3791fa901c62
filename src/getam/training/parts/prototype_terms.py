"""Regions of a class are like its prototypes (CPEWS, contextual prototypes, code of 2025).

See :mod:`getam.pseudo_label.prototypes` for how these are made. The functions follow the released
code, in which maps have no gradient. Its second term compares nothing but maps, so it trains
nothing and is left out.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from getam.data import Batch
from getam.model import classify
from getam.network import Features, Network
from getam.pseudo_label.prototypes import (
    COUNT,
    Prototypes,
    Regions,
    build_prototypes,
    covered,
    covered_mean,
    mean_of_scales,
    regions,
)
from getam.training.losses import mean_number
from getam.training.parts.auxiliary import Auxiliary
from getam.training.parts.part_input import Seen

SCALE, OFFSET = 13.0, 0.1
UNKNOWN = 0.5
FAR = 123456.0


@dataclass(frozen=True)
class Padded:
    """Prototypes of all classes fill one tensor, whose size does not depend on their numbers.

    Attributes
    ----------
    vectors
        [C, n, D], 0 where there is no prototype.
    there
        bool [C, n].
    """

    vectors: Tensor
    there: Tensor

    @classmethod
    def of(cls, sets: Sequence[Tensor], *, count: int) -> "Padded":
        """Join the prototypes [n, D] of each class, at most ``count`` of them."""
        vectors = torch.stack(
            [torch.cat([own, own.new_zeros(count - len(own), own.shape[1])]) for own in sets]
        )
        numbers = torch.tensor([len(own) for own in sets])
        there = torch.arange(count) < numbers[:, None]
        return cls(vectors, there.to(vectors.device))

    def mean(self) -> Tensor:
        """Return the mean prototype of each class, [C, D]; 0 if it has none."""
        return self.vectors.sum(1) / self.there.sum(1, keepdim=True).clamp_min(1)

    def any(self) -> Tensor:
        """Return whether a class has a prototype, bool [C]."""
        return self.there.any(1)


def similarity(feature: Tensor, others: Tensor) -> Tensor:
    """Return exp(-(sqrt(mean((a - b)^2 + 1e-4)) / 13 + 0.1)), in 0..1.

    Parameters
    ----------
    feature
        [..., D].
    others
        [..., n, D].

    Returns
    -------
    Tensor
        [..., n]; one value of 0.5 if there is nothing to compare with.
    """
    if others.shape[-2] == 0:
        return torch.full_like(feature[..., :1], UNKNOWN)
    distance = ((feature.unsqueeze(-2) - others).square() + 1e-4).mean(-1).sqrt()
    return torch.exp(-(distance / SCALE + OFFSET))


def nearest(features: Tensor, prototypes: Tensor) -> Tensor:
    """Return the mean squared difference of each feature [P, D] to the nearest of [n, D], [P].

    It is 123456 if there is no prototype.
    """
    if len(prototypes) == 0:
        return features.new_full((len(features),), FAR)
    return (features[:, None] - prototypes).square().mean(-1).amin(1)


def region_terms(
    maps: Tensor, features: Tensor, labels: Tensor, positive: Padded, negative: Padded
) -> tuple[Tensor, Tensor]:
    """Return the terms of regions that are like their own class, and unlike its negatives.

    The region of a class is the mean feature r of what its map covers. The first term is -log
    sim(r, mean of the positives), the second -log(1 - max sim(r, negatives)); each is the mean over
    all photos and present classes whose map has a positive value and whose prototypes are there.
    CPEWS weighs their sum by 0.12.

    Parameters
    ----------
    maps
        [B, C, h, w], signed.
    features
        [B, D, h, w]. They alone get a gradient.
    labels
        [B, C] 0/1.
    positive, negative
        The prototypes of the C classes.

    Returns
    -------
    tuple of Tensor
        Two scalars, 0 if no class takes part.
    """
    maps = maps.detach()
    region = covered_mean(features, covered(maps, floor=1e-4))  # [B, C, D]
    alike = -similarity(region, positive.mean()[:, None])[..., 0].log()
    nearest_negative = similarity(region, negative.vectors).masked_fill(~negative.there, 0).amax(-1)
    unlike = -(1 - nearest_negative).log()
    counted = (labels > 0) & (maps.amax((2, 3)) > 0) & positive.any() & negative.any()
    count = mean_number(counted)
    return (alike * counted).sum() / count, (unlike * counted).sum() / count


class RegionPrototypes(nn.Module):
    """The regions of the present classes are like the prototypes of their class alone.

    The prototypes are made once of all photos, by the network as it is when the part begins. They
    are buffers, so that a checkpoint holds them.

    Parameters
    ----------
    width
        The number of channels D of the tokens.
    num_classes
        The number of classes C.
    auxiliary
        The part whose classifier makes maps of the final tokens.
    """

    positive: Tensor
    positive_there: Tensor
    negative: Tensor
    negative_there: Tensor
    prepared: Tensor

    def __init__(self, width: int, num_classes: int, auxiliary: Auxiliary) -> None:
        super().__init__()
        for name in ("positive", "negative"):
            self.register_buffer(name, torch.zeros(num_classes, COUNT, width))
            there = torch.zeros(num_classes, COUNT, dtype=torch.bool)
            self.register_buffer(f"{name}_there", there)
        self.register_buffer("prepared", torch.zeros((), dtype=torch.bool))
        self._maps_of = auxiliary.final_maps  # a method: the module itself has another owner

    def forward(self, seen: Seen) -> Tensor:
        """Compare the regions of the photos with the prototypes."""
        maps, features = self.maps_and_tokens(seen.features)
        with torch.autocast(features.device.type, enabled=False):
            positive = Padded(self.positive, self.positive_there)
            negative = Padded(self.negative, self.negative_there)
            alike, unlike = region_terms(maps, features, seen.batch.labels, positive, negative)
        return alike + unlike

    def maps_and_tokens(self, features: Features) -> tuple[Tensor, Tensor]:
        """Return the maps [B, C, h, w] and the final tokens [B, D, h, w] in float32."""
        tokens = features.patch_tokens.mT.unflatten(-1, features.grid)
        return self._maps_of(features).detach(), tokens.float()

    @torch.no_grad()
    def prepare(self, network: Network, photos: Iterable[Batch]) -> None:
        """Make the prototypes; see :class:`getam.training.preparation.FromAllPhotos`."""
        found = build_prototypes(self.regions_of_all(network, photos), classes=len(self.positive))
        self.fill(found)

    def regions_of_all(self, network: Network, photos: Iterable[Batch]) -> Iterator[Regions]:
        """Yield the regions of each photo, over all sizes and mirrored."""

        def of_image(image: Tensor) -> tuple[Tensor, Tensor]:
            return self.maps_and_tokens(classify(network, image).features)

        for batch in photos:
            maps, features = mean_of_scales(of_image, batch.image.float())
            away = batch.known & (batch.labels == 0)
            for row, present in enumerate(batch.classes):
                absent = away[row].nonzero()[:, 0].tolist()
                yield regions(maps[row], features[row], present=present, absent=absent)

    def fill(self, found: Prototypes) -> None:
        """Take the prototypes over."""
        for name in ("positive", "negative"):
            padded = Padded.of(getattr(found, name), count=COUNT)
            self.get_buffer(name).copy_(padded.vectors)
            self.get_buffer(f"{name}_there").copy_(padded.there)
        self.prepared.fill_(True)
