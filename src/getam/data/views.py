"""This module reads fixed views of photos: the whole photo in a square, and its mirror image."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from torch.utils.data import Dataset

from getam.data.dataset import Draw, PhotoDataset, mixed_seed, read_to_train
from getam.data.sample import Sample
from getam.data.source import Source
from getam.data.transform import mirror, square


class Views(Protocol):
    """Views are a photo or its mirror image, by the number of the photo."""

    def __len__(self) -> int:
        """Return the number of photos."""

    def id_of(self, photo: int) -> str:
        """Return the id of a photo."""

    def view(self, photo: int, *, mirrored: bool) -> Sample:
        """Return one view of a photo."""


class SquareViews:
    """Square views are read from the photos themselves.

    Parameters
    ----------
    source
        The photos to read. Of their masks only corrected ones are read.
    side
        Side of the squares, in pixels.
    """

    def __init__(self, source: Source, side: int) -> None:
        self.source = source
        self.photos = PhotoDataset(source)
        self.side = side

    def __len__(self) -> int:
        """Return the number of photos."""
        return len(self.photos)

    def id_of(self, photo: int) -> str:
        """Return the id of a photo."""
        return self.photos.records[photo].id

    def view(self, photo: int, *, mirrored: bool) -> Sample:
        """Read one photo.

        Raises
        ------
        FileNotFoundError, ValueError
            If the photo, its saliency map or its corrected mask cannot be read.
        """
        sample = square(read_to_train(self.photos, self.source, photo), self.side)
        return mirror(sample) if mirrored else sample


class SomeSquares(Dataset[Sample]):
    """Some squares, by their place in a list of photo numbers; a loader reads them ahead."""

    def __init__(self, views: Views, photos: Sequence[int]) -> None:
        self.views = views
        self.photos = photos

    def __len__(self) -> int:
        """Return the number of squares."""
        return len(self.photos)

    def __getitem__(self, index: int) -> Sample:
        """Return one square, not mirrored."""
        return self.views.view(self.photos[index], mirrored=False)


class DrawnViews(Dataset[Sample]):
    """Drawn views are those of training, where chance only decides whether a photo is mirrored.

    Parameters
    ----------
    views
        The views to choose from.
    flip
        Probability of the mirror image.
    seed
        Seed of the run. The seed and the draw alone decide the view.
    """

    def __init__(self, views: Views, *, flip: float, seed: int) -> None:
        self.views = views
        self.flip = flip
        self.seed = seed

    def __len__(self) -> int:
        """Return the number of photos."""
        return len(self.views)

    def __getitem__(self, draw: Draw) -> Sample:
        """Return the view of one draw. The same draw gives the same view in any process."""
        chance = np.random.default_rng(mixed_seed(self.seed, draw)).random()
        return self.views.view(draw.photo, mirrored=bool(chance < self.flip))
