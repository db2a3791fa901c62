"""This module reads true masks from PNG files; only scoring uses them."""

from __future__ import annotations

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
        values = _read_png(record.mask)
        allowed = self.values | {BACKGROUND, IGNORE}
        wrong = [str(value) for value in np.unique(values).tolist() if value not in allowed]
        if wrong:
            raise ValueError(
                f"the mask {record.mask} must hold {_listed(self.values)}, got {first_few(wrong)}"
            )
        return values


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
