"""A proposer names masks of a photo that probably hold one thing each, without a class.

A new proposer is one function, and one line in ``PROPOSERS``. What another program proposes comes
in as a folder.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from getam.data import Record, Source, photo_size, read_photo
from getam.extra import needs
from getam.places import place_below

logger = logging.getLogger(__name__)

Proposer = Callable[[Record], np.ndarray]
"""A function from the record of a photo to masks, bool [M, H, W], which may overlap."""

MASKS, SUFFIX = "masks", ".npz"
"""The name of the array in the file of a photo, and the ending of the file."""


def felzenszwalb(record: Record) -> np.ndarray:
    """Propose regions of one colour; no weights are needed."""
    return regions_of_one_colour(np.asarray(read_photo(record.image)))


def regions_of_one_colour(photo: np.ndarray, *, scale: float = 100) -> np.ndarray:
    """Divide a photo into regions of one colour (Felzenszwalb and Huttenlocher, IJCV 2004).

    Parameters
    ----------
    photo
        uint8 [H, W, 3].
    scale
        A larger one makes larger regions.

    Returns
    -------
    numpy.ndarray
        bool [M, H, W]; every pixel lies in one region.

    Raises
    ------
    ValueError
        If scikit-image is not installed.
    """
    with needs("proposals", asked="proposals: felzenszwalb"):
        from skimage.segmentation import felzenszwalb as segment
    regions = segment(photo, scale=scale, sigma=0.8, min_size=100)
    return np.arange(regions.max() + 1)[:, None, None] == regions


PROPOSERS: dict[str, Proposer] = {"felzenszwalb": felzenszwalb}
"""Every proposer that needs no files, by its name."""


def proposer_for(proposals: str | Path, source: Source) -> Proposer:
    """Return the proposer of a name, or the one that reads a folder.

    Parameters
    ----------
    proposals
        A name of `PROPOSERS`, or a folder with the file ``ID.npz`` of each photo, which holds the
        array ``masks``, bool [M, H, W]. A photo without a file has no proposals, and one line
        counts such photos.
    source
        The photos.

    Raises
    ------
    ValueError
        If there is no such proposer or folder, or if no photo has a file in it.
    """
    if str(proposals) in PROPOSERS:
        return PROPOSERS[str(proposals)]
    folder = Path(proposals)
    if not folder.is_dir():
        names = ", ".join(PROPOSERS)
        raise ValueError(f"proposals must be a folder or one of {names}, got {str(proposals)!r}")
    missing = [r.id for r in source.records if not place_below(folder, r.id, SUFFIX).is_file()]
    if len(missing) == len(source):
        raise ValueError(f"proposals: {folder} has no {missing[0]}{SUFFIX} nor that of any photo")
    if missing:
        logger.info("%d of %d photos have no proposals in %s", len(missing), len(source), folder)
    return FolderProposer(folder)


@dataclass(frozen=True)
class FolderProposer:
    """A folder proposer reads ``ID.npz`` of each photo.

    Attributes
    ----------
    folder
        The folder of the files.
    """

    folder: Path

    def __call__(self, record: Record) -> np.ndarray:
        """Return the masks of a photo, none if it has no file.

        Raises
        ------
        ValueError
            If the file cannot be read, or if its masks are not bool [M, H, W] of the photo's size.
        """
        file, size = place_below(self.folder, record.id, SUFFIX), photo_size(record.image)
        if not file.is_file():
            return np.zeros((0, *size), dtype=bool)
        try:
            with np.load(file, allow_pickle=False) as arrays:
                masks: np.ndarray = arrays[MASKS]
        except Exception as error:  # a damaged archive raises errors of many kinds
            raise ValueError(
                f"proposals: cannot read {MASKS!r} from {file}: it is no whole .npz of plain "
                f"arrays ({type(error).__name__}); make it anew"
            ) from None
        if masks.dtype != bool or masks.ndim != 3 or masks.shape[1:] != size:
            raise ValueError(
                f"proposals: {MASKS!r} in {file} must be bool [M, {size[0]}, {size[1]}] like the "
                f"photo, got {masks.dtype} {list(masks.shape)}"
            )
        return masks
