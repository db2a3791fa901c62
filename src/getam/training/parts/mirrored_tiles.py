"""Class maps of a photo, its mirror image and its quarters agree (FlipCAM, code of 2024).

The functions follow the released code, which is that of PuzzleCAM (Jo & Yu, ICIP 2021) with the
maps of the photo averaged over the mirror image. Signed maps are compared.
"""

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from getam.network import Network
from getam.pseudo_label.class_maps import check_reads_tokens, class_values
from getam.training.losses import classification_loss
from getam.training.parts.part_input import Seen

SIDE = 2  # tiles along each side
STRONGEST = 1.25
EPSILON = 1e-5


def tiles(values: Tensor, *, side: int = SIDE) -> Tensor:
    """Cut [B, K, H, W] into tiles [side^2 B, K, H / side, W / side], tile by tile, row by row."""
    rows = values.chunk(side, 2)
    return torch.cat([tile for row in rows for tile in row.chunk(side, 3)])


def joined(cut: Tensor, *, side: int = SIDE) -> Tensor:
    """Put what :func:`tiles` cut together again, [B, K, H, W]."""
    parts = cut.unflatten(0, (side, side, -1))  # [rows, columns, B, K, h, w]
    return parts.permute(2, 3, 0, 4, 1, 5).flatten(4, 5).flatten(2, 3)


def mean_of_views(maps: Tensor, mirrored: Tensor) -> Tensor:
    """Average the maps [B, C, h, w] of a photo and of its mirror image."""
    return (maps + mirrored.flip(-1)) / 2


def disagreement(maps: Tensor, tiled: Tensor, labels: Tensor) -> Tensor:
    """Return the mean of |F - R| times the tag: absent classes count as 0. Both get a gradient.

    Parameters
    ----------
    maps
        F, [B, C, h, w].
    tiled
        R, the same joined from tiles.
    labels
        [B, C] 0/1.
    """
    return ((maps - tiled).abs() * labels[:, :, None, None]).mean()


def disagreement_by_photo(maps: Tensor, tiled: Tensor, labels: Tensor) -> Tensor:
    """Return the mean of |F - R| over the present classes of each photo, averaged over photos.

    This is the released option ``selection``; every photo must show a class. With labels of ones,
    :func:`disagreement` is the option ``none``.
    """
    by_class = (maps - tiled).abs().mean((2, 3)) * labels
    return (by_class.sum(1) / labels.sum(1)).mean()


def positive_maps(maps: Tensor) -> Tensor:
    """Scale maps [B, C, h, w] to 0..1 by their maxima: the released option ``cam`` compares these.

    It is relu(relu(x) - 1e-5) / (max relu(x) + 1e-5).
    """
    maps = maps.relu()
    return (maps - EPSILON).relu() / (maps.amax((2, 3), keepdim=True) + EPSILON)


def strength(elapsed: float) -> float:
    """Return the weight of the disagreement, which grows to 1.25 until half of the run is over.

    Examples
    --------
    >>> strength(0.25), strength(0.5), strength(1.0)
    (0.625, 1.25, 1.25)
    """
    return min(STRONGEST * elapsed / 0.5, STRONGEST)


class MirroredTiles:
    """Maps of photos and of their quarters agree, and those of the quarters know the tags.

    Parameters
    ----------
    network
        Its classifier makes the maps.

    Raises
    ------
    ValueError
        If the classifier does not read tokens.
    """

    def __init__(self, network: Network) -> None:
        check_reads_tokens(network, asked="mirrored_tiles")
        self.network = network

    def __call__(self, seen: Seen) -> Tensor:
        """Add the classification of the tiles to the weighted disagreement."""
        labels, image = seen.batch.labels, seen.batch.image
        height, width = (side // SIDE * SIDE for side in image.shape[-2:])
        cut = seen.look(tiles(image[..., :height, :width])).features
        tiled = joined(class_values(self.network, cut))
        maps = mean_of_views(
            class_values(self.network, seen.features),
            class_values(self.network, seen.mirrored.features),
        )
        if tiled.shape != maps.shape:  # quarters that hold no whole number of patches were padded
            tiled = interpolate(tiled, maps.shape[-2:], mode="bilinear")
        tags = classification_loss(tiled.mean((2, 3)), labels, seen.batch.known)
        return tags + strength(seen.elapsed) * disagreement(maps, tiled, labels)
