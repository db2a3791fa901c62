"""This module reads saliency maps of any size and matches them with the photos by name."""

from dataclasses import replace
from pathlib import Path

import torch
from PIL import Image
from torchvision.transforms.v2 import functional

from getam.data.beside import files_beside
from getam.data.listing import find_photos
from getam.data.notice import first_few
from getam.data.photo import read_photo
from getam.data.source import Source
from getam.elsewhere import located


def with_saliency(source: Source, folder: str | Path) -> Source:
    """Return a source whose records know their saliency maps.

    Parameters
    ----------
    source
        Any source.
    folder
        The folder of grey maps of any size and image format. `files_beside` says how the names
        match.

    Raises
    ------
    FileNotFoundError
        If the folder is missing or empty, or if a photo has no map.
    ValueError
        If one map would serve two photos, or if a photo has two maps.
    """
    found = saliency_beside(source, folder)
    missing = [record.id for record in found.records if record.saliency is None]
    if missing:
        raise FileNotFoundError(
            f"{len(missing)} photos have no saliency map in {folder}: {first_few(missing)}"
        )
    return found


def saliency_beside(source: Source, folder: str | Path) -> Source:
    """Return a source of which those records know their saliency maps that have one.

    Parameters
    ----------
    source, folder
        They are those of `with_saliency`.

    Raises
    ------
    FileNotFoundError, ValueError
        If `with_saliency` would refuse the folder; a photo without a map is no error.
    """
    folder = located(folder)
    maps = files_beside(source.records, find_photos(folder), folder, what="saliency map")
    records = (replace(record, saliency=maps.get(record.id)) for record in source.records)
    return replace(source, records=tuple(records), left_out=None)  # nobody has looked at the maps


def read_saliency(path: Path, size: tuple[int, int]) -> torch.Tensor:
    """Read a saliency map and resize it to ``size`` (height, width), bilinearly.

    Returns
    -------
    torch.Tensor
        uint8 [1, H, W] in 0..255.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file cannot be read as an image.
    """
    grey = read_photo(path).convert("L").resize(size[::-1], Image.Resampling.BILINEAR)
    return functional.pil_to_tensor(grey)
