"""This module reads masks of photos from PNG files."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from getam.data.notice import first_few
from getam.open_picture import open_picture
from getam.vocabulary import BACKGROUND, IGNORE

if TYPE_CHECKING:
    from getam.data.source import Record


@dataclass(frozen=True)
class MaskFiles:
    """A `MaskFiles` reads the mask file of a record, a palette or grey PNG.

    Parameters
    ----------
    values
        The values that stand for classes.
    """

    values: frozenset[int]

    def __call__(self, record: Record) -> np.ndarray:
        """Read the mask of a record, int32 [H, W], with 0, the values of classes and 255.

        Raises
        ------
        FileNotFoundError
            If the photo has no mask.
        ValueError
            If the file is no mask or holds other values.
        """
        if record.mask is None or not record.mask.is_file():
            raise FileNotFoundError(f"there is no mask of {record.id} ({record.mask})")
        return self.read(record.mask)

    def read(self, path: Path) -> np.ndarray:
        """Read a file, int32 [H, W], with 0, the values of classes and 255.

        Raises
        ------
        ValueError
            If the file is no mask or holds other values.
        """
        values = _read_png(path)
        allowed = self.values | {BACKGROUND, IGNORE}
        wrong = [str(value) for value in np.unique(values).tolist() if value not in allowed]
        if wrong:
            raise ValueError(
                f"the mask {path} must hold {_listed(self.values)}, got {first_few(wrong)}"
            )
        return values


def numbered(values: np.ndarray, of_classes: Iterable[int]) -> np.ndarray:
    """Return a mask in the class numbers of training, uint8.

    Parameters
    ----------
    values
        int [H, W], where 0 is background.
    of_classes
        The value of each class, in the order of training. The class at index ``i`` becomes
        ``i + 1``, and every value that is neither background nor a class becomes 255.
    """
    numbers = np.full(values.shape, IGNORE, dtype=np.uint8)
    numbers[values == BACKGROUND] = BACKGROUND
    for number, value in enumerate(of_classes, start=1):
        numbers[values == value] = number
    return numbers


def _listed(values: frozenset[int]) -> str:
    if values == set(range(1, len(values) + 1)):
        return f"0..{len(values)} or {IGNORE}"
    return f"0, a value of a class ({', '.join(map(str, sorted(values)))}) or {IGNORE}"


def _read_png(path: Path) -> np.ndarray:
    try:
        with open_picture(path) as image:
            image.load()
            if image.mode not in {"P", "L", "1"} and not image.mode.startswith("I"):
                raise ValueError(f"expected a palette or grey PNG, got mode {image.mode}")
            return np.asarray(image).astype(np.int32)
    except Exception as error:  # the decoders raise OSError, SyntaxError, struct.error, ...
        raise ValueError(f"cannot read the mask {path}: {error}") from error
