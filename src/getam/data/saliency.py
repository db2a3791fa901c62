"""Saliency maps of any size, matched with the photos by their stem."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import torch
from PIL import Image
from torchvision.transforms.v2 import functional

from getam.data.listing import aliases, find_photos, name_photos
from getam.data.notice import first_few
from getam.data.photo import read_photo
from getam.data.source import Record, Source


def with_saliency(source: Source, folder: str | Path) -> Source:
    """Give every record its map in ``folder``.

    Parameters
    ----------
    source
        Any source.
    folder
        Grey maps of any size and image format; a map has the id of its photo, or its stem.

    Raises
    ------
    FileNotFoundError
        If the folder is missing or empty, or a photo has no map.
    """
    folder = Path(folder)
    named = name_photos(find_photos(folder), folder)
    maps = {alias: named[name] for alias, name in aliases(named, folder).items()}
    records = [replace(record, saliency=_map_of(record, maps)) for record in source.records]
    _check_complete(records, folder)
    return replace(source, records=tuple(records))


def read_saliency(path: Path, size: tuple[int, int]) -> torch.Tensor:
    """Read a map, enlarged or reduced (bilinear) to ``size``.

    Returns
    -------
    torch.Tensor
        uint8 [1, H, W] in 0..255.

    Raises
    ------
    FileNotFoundError, ValueError
        As `read_photo`.
    """
    grey = read_photo(path).convert("L").resize(size[::-1], Image.Resampling.BILINEAR)
    return functional.pil_to_tensor(grey)


def _map_of(record: Record, maps: dict[str, Path]) -> Path | None:
    return maps.get(record.id) or maps.get(record.image.stem)


def _check_complete(records: Iterable[Record], folder: Path) -> None:
    missing = [record.id for record in records if record.saliency is None]
    if missing:
        raise FileNotFoundError(
            f"{len(missing)} photos have no saliency map in {folder}: {first_few(missing)}"
        )
