"""A click corrects the region around it, by the network's own features and the dense CRF.

A click says that one pixel has one class. The region that takes the class with it is found in two
steps, and no weights but those of the network take part.

1. A random walk on the patches (`getam.correction.random_walk`) spreads the click over patches that
   are alike to the network. Each patch tends to keep the label that it has, unless it lies near the
   click, where the person has just said that the label is wrong. Earlier clicks of the class help
   the click, and those of other classes stop it.
2. The dense CRF moves the outline of the region to the edges of the photo.

The pixels of the region that are connected with the click take its class. All others keep theirs.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from scipy import ndimage
from torch import Tensor
from torch.nn.functional import interpolate

from getam.correction.random_walk import edges, walk
from getam.crf import DenseCRF
from getam.data import Record, read_photo
from getam.model import Model
from getam.network import patch_stride
from getam.saliency import patch_features, whole_patches
from getam.vocabulary import IGNORE

# Chosen on one half of the photos of benchmarks/clicks.py, and measured on the other half.
SOFTNESS = 0.05  # of the edges between patches
STOP = 0.01  # how easily a walker stops, in shares of the mean weight of all moves from a patch
NEAR = 0.2  # of the long side: the label counts less within this distance of a click
SHARPNESS = 6.0  # the log odds that the CRF starts from where the walk is sure; the walk's 0.5 is 0
CERTAIN = 12.0  # the log odds of clicked pixels
DOT = 2.0  # pixels around a click that certainly share its class
ITERATIONS = 3
SXY, SRGB, COMPAT = 80.0, 13.0, 4.0  # of the dense CRF
LONG_SIDE = 360  # pixels of the photo that the CRF sees, so that a click takes less than a second
SURE = 1e3  # the stop of a clicked patch: the walk ends there


@dataclass(frozen=True)
class Click:
    """A click says which class one pixel has.

    Attributes
    ----------
    x, y
        Column and row of the pixel, from 0.
    value
        0 background, or class + 1.
    """

    x: int
    y: int
    value: int


class ClickSpreader:
    """A spreader spreads clicks over one photo. What depends on the photo alone is made once.

    Parameters
    ----------
    photo
        uint8 [H, W, 3].
    features
        [P, D], one vector per patch of the whole photo.
    grid
        The patches (h, w), h * w = P.
    """

    def __init__(self, photo: np.ndarray, features: Tensor, grid: tuple[int, int]) -> None:
        self.size = (photo.shape[0], photo.shape[1])
        self.grid = grid
        self._weights = edges(features, grid, softness=SOFTNESS)
        image = torch.from_numpy(photo.copy()).movedim(-1, 0)[None].float()
        scale = min(1.0, LONG_SIDE / max(self.size))
        seen = [max(1, round(side * scale)) for side in self.size]
        self._seen = (seen[0], seen[1])
        small = interpolate(image, self._seen, mode="area") if scale < 1 else image
        reach = SXY * max(seen) / LONG_SIDE
        self._crf = DenseCRF(small, sxy=reach, srgb=SRGB, compat=COMPAT, iterations=ITERATIONS)

    def __call__(
        self, label: np.ndarray, clicks: Sequence[Click], *, before: Sequence[Click] = ()
    ) -> np.ndarray:
        """Return the label after some clicks, one after the other.

        The pixel of every click has its class, those of earlier clicks too. A later click of
        another class at the same pixel replaces the earlier one.

        Parameters
        ----------
        label
            uint8 [H, W]: 0 background, class + 1, 255 undecided. It is not changed.
        clicks
            The new clicks.
        before
            The clicks that the label comes from.

        Raises
        ------
        ValueError
            If the label has another size than the photo, or if a click lies outside.
        """
        if label.shape != self.size:
            raise ValueError(f"label must have the photo's size {self.size}, got {label.shape}")
        outside = [c for c in clicks if not (0 <= c.x < self.size[1] and 0 <= c.y < self.size[0])]
        if outside:
            raise ValueError(f"a click must lie in the photo {self.size}, got {outside[0]}")
        known = list(before)
        for click in clicks:
            label = self._with_click(label, click, known)
            known.append(click)
        return label

    def _with_click(self, label: np.ndarray, click: Click, before: Sequence[Click]) -> np.ndarray:
        belief = (label == click.value) + 0.5 * (label == IGNORE)
        share = self._walk(torch.from_numpy(belief), click, before)
        share = interpolate(share.float()[None, None], self._seen, mode="bilinear")
        log_odds = SHARPNESS * (2 * share[0, 0] - 1)
        for known in (*before, click):
            log_odds[self._dot(known)] = CERTAIN if known.value == click.value else -CERTAIN
        probabilities = torch.stack([-log_odds, log_odds]).sigmoid()[None]
        region = self._crf(probabilities)[:, 1:]
        taken = interpolate(region, self.size, mode="bilinear")[0, 0].numpy() > 0.5
        return taken_by(click, label, taken, before)

    def _walk(self, belief: Tensor, click: Click, before: Sequence[Click]) -> Tensor:
        """Return the probability of each patch to belong to the click, float64 [h, w]."""
        prior = interpolate(belief[None, None], self.grid, mode="area").flatten()
        stop = STOP * self._weights.sum(1).mean() * self._weight_of_label(click).flatten()
        for known in (*before, click):
            patch = self._patch_of(known)
            prior[patch], stop[patch] = float(known.value == click.value), SURE
        return walk(self._weights, prior, stop).view(self.grid)

    def _weight_of_label(self, click: Click) -> Tensor:
        """Return how much the label of each patch counts, 0..1: nothing where the click is."""
        place = [(click.y + 0.5) / self.size[0], (click.x + 0.5) / self.size[1]]
        along = [
            (torch.arange(count, dtype=torch.float64) + 0.5 - at * count) / max(self.grid)
            for count, at in zip(self.grid, place, strict=True)
        ]
        square = along[0][:, None] ** 2 + along[1] ** 2
        return 1 - torch.exp(-square / (2 * NEAR**2))

    def _patch_of(self, click: Click) -> int:
        row, column = (
            side * count // whole
            for side, count, whole in zip((click.y, click.x), self.grid, self.size, strict=True)
        )
        return row * self.grid[1] + column

    def _dot(self, click: Click) -> Tensor:
        """Return the pixels, as the CRF sees them, that certainly share the class of a click."""
        row, column = (
            side * seen // whole
            for side, seen, whole in zip((click.y, click.x), self._seen, self.size, strict=True)
        )
        rows, columns = torch.arange(self._seen[0])[:, None], torch.arange(self._seen[1])
        return (rows - row) ** 2 + (columns - column) ** 2 <= DOT**2


def taken_by(
    click: Click, label: np.ndarray, region: np.ndarray, before: Iterable[Click]
) -> np.ndarray:
    """Return a label after one click: the part of a region that is connected with it.

    Pixels that have the class already join the parts of a region. The pixels of earlier clicks of
    other classes keep their class.

    Parameters
    ----------
    click
        The click.
    label
        uint8 [H, W].
    region
        bool [H, W], the pixels that the click asks for.
    before
        The earlier clicks.
    """
    region = region | (label == click.value)
    for known in before:
        if known.value != click.value:
            region[known.y, known.x] = False
    region[click.y, click.x] = True
    parts, _ = ndimage.label(region, np.ones((3, 3)))
    taken = label.copy()
    taken[parts == parts[click.y, click.x]] = click.value
    return taken


def spread_for(model: Model, record: Record) -> ClickSpreader:
    """Return what spreads clicks over a photo, by the features of a network.

    Raises
    ------
    FileNotFoundError, ValueError
        If the photo cannot be read.
    """
    photo = np.asarray(read_photo(record.image))
    pixels = torch.from_numpy(photo.copy()).movedim(-1, 0)
    image = whole_patches(pixels, patch_stride(model.network.backbone)).to(model.device)
    features, grid = patch_features(image, model.network)
    return ClickSpreader(photo, features.cpu(), grid)
