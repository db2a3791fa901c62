"""A mask file is the palette PNG of one photo, which every format is written from."""

import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from getam.data import Source, photo_size
from getam.evaluation import read_mask
from getam.outputs import OutputFolder, checksum
from getam.report import save_mask

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class MaskFile:
    """A mask file belongs to one photo.

    Attributes
    ----------
    id
        The id of the photo.
    photo
        The file of the photo.
    path
        The palette PNG: 0 background, the values of classes, 255 undecided.
    """

    id: str
    photo: Path
    path: Path

    def read(self) -> np.ndarray:
        """Return the mask, uint8 [H, W]."""
        return read_mask(self.path).numpy()


def masks_in(source: Source, folder: Path) -> tuple[list[MaskFile], Source]:
    """Return the masks ``ID.png`` in a folder, and the source with only the photos that have one.

    A log line counts the photos without a mask.

    Raises
    ------
    FileNotFoundError
        If no photo has a mask.
    """
    found = [r for r in source.records if (folder / f"{r.id}.png").is_file()]
    if not found:
        raise FileNotFoundError(
            f"masks: {folder} has no mask of a photo of {source.name}; the mask of "
            f"{source.records[0].id} would be {source.records[0].id}.png"
        )
    if len(found) < len(source):
        missing = len(source) - len(found)
        logger.info("%d photos of %s have no mask in %s: left out", missing, source.name, folder)
    masks = [MaskFile(r.id, r.image, folder / f"{r.id}.png") for r in found]
    return masks, Source(tuple(found), source.classes, source.masks, source.name)


def copy_masks(
    source: Source, folder: Path, out: OutputFolder, *, classes: dict[str, int]
) -> Source:
    """Copy the masks ``ID.png`` of a folder, and return the source of the photos that have one.

    Raises
    ------
    FileNotFoundError
        If no photo has a mask.
    ValueError
        If a mask has another size than its photo, or a value that is no class.
    """
    masks, source = masks_in(source, folder)
    with out.writing():
        for mask in masks:  # those of an earlier run too: they may have been corrected since
            path = out.file(mask.id, ".png")
            save_mask(path, _checked(mask, classes))
            out.record(mask.id, {path: checksum(path)})
    return source


def photo_names(masks: Sequence[MaskFile]) -> tuple[Path, list[str]]:
    """Return the folder that all photos share, and the path of each photo below it, with ``/``."""
    photos = [Path(os.path.normpath(mask.photo.absolute())) for mask in masks]
    shared = Path(os.path.commonpath([photo.parent for photo in photos]))
    return shared, [photo.relative_to(shared).as_posix() for photo in photos]


def _checked(mask: MaskFile, classes: dict[str, int]) -> np.ndarray:
    values = mask.read()
    if values.shape != photo_size(mask.photo):
        raise ValueError(
            f"the mask {mask.path} must have the size of its photo {photo_size(mask.photo)}, "
            f"got {values.shape}"
        )
    wrong = set(np.unique(values).tolist()) - {0, 255, *classes.values()}
    if wrong:
        raise ValueError(
            f"the mask {mask.path} holds {min(wrong)}, which is the value of no class of the "
            f"model: {', '.join(f'{value} {name}' for name, value in classes.items())}"
        )
    return values
