"""This module plays the pointing game (Zhang et al., ECCV 2016, section 4.1)."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

TOLERANCE = 15.0  # pixels, as in the paper


class PointingGame:
    """The game counts how often the strongest pixel of a map lies on an object of its class.

    A point at most ``tolerance`` pixels beside the object is a hit. The score of a class is its
    share of hits.

    Parameters
    ----------
    names
        K class names, background first. The class with index ``c`` in the maps is ``names[c + 1]``.
    tolerance
        Largest distance of a hit from the object, in pixels of the truth.

    Examples
    --------
    >>> game = PointingGame(["background", "dog"], tolerance=0)
    >>> game.update(torch.tensor([[[0.1, 0.9]]]), [0], torch.tensor([[1, 0]]))
    >>> game.accuracy()
    {'dog': 0.0}
    """

    def __init__(self, names: Sequence[str], *, tolerance: float = TOLERANCE) -> None:
        self.names = list(names)
        self.tolerance = tolerance
        self.hits = [0] * (len(names) - 1)
        self.games = [0] * (len(names) - 1)

    def update(self, maps: Tensor, classes: Sequence[int], truth: Tensor) -> None:
        """Count one image. A class without a pixel in the truth is not counted.

        Parameters
        ----------
        maps
            [k, H, W], one map per class in the size of the truth. The first of equal maxima, row by
            row, is taken.
        classes
            The k class indices of the maps.
        truth
            [H, W] integers, 0..K - 1 or 255.

        Raises
        ------
        ValueError
            If the maps have another size than the truth, or if their number is not that of the
            classes.
        """
        expected = (len(classes), *truth.shape)
        if maps.shape != expected:
            raise ValueError(f"maps must be [classes, H, W] = {expected}, got {tuple(maps.shape)}")
        for strength, index in zip(maps, classes, strict=True):
            pixels = (truth == index + 1).nonzero()  # [n, 2]
            if len(pixels):
                self.games[index] += 1
                self.hits[index] += self._hit(strength, pixels)

    def accuracy(self) -> dict[str, float]:
        """Return the share of hits, 0..1, by class name. It is nan for a class never counted."""
        shares = (
            hits / games if games else math.nan
            for hits, games in zip(self.hits, self.games, strict=True)
        )
        return dict(zip(self.names[1:], shares, strict=True))

    def _hit(self, strength: Tensor, pixels: Tensor) -> bool:
        point = divmod(int(strength.argmax()), strength.shape[1])
        away = pixels.cpu() - torch.tensor(point)
        return away.square().sum(1).min().item() <= self.tolerance**2
