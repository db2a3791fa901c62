"""Saliency maps that were made are kept beside the run, apart from maps that a user gave.

Each origin (:class:`getam.saliency.About`) has a folder of its own, ``RUN/saliency/self-1a2b3c4d``,
with ``about.json`` in it. A map is named after its photo and the bytes of the photo, so that no
other photo, another version of it or one of the same name elsewhere, can ever get it.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from torch import Tensor
from torch.nn.functional import interpolate
from torchvision.transforms.v2.functional import pil_to_tensor, to_pil_image

from getam.data import Record, Source, photo_size, read_photo
from getam.files import whole_file
from getam.json_object import json_object
from getam.places import class_parts, places
from getam.progress import counted
from getam.saliency.provider import About, Provider

FOLDER = "saliency"
ABOUT, TRAINING = "about.json", "training.json"
LONG_SIDE = 640  # pixels of a map that is kept
MARK = 16  # characters of a hash in a name


def with_made_saliency(source: Source, provider: Provider, run: Path) -> Source:
    """Make the saliency maps that are missing, and return the source whose records know them.

    Parameters
    ----------
    source
        Photos that can be read. Maps that they know of already are not used.
    provider
        The provider of the maps.
    run
        The folder of the run, below which the maps are kept; see :func:`maps_folder`.

    Raises
    ------
    FileExistsError
        If the folder for the maps holds something else.
    """
    folder = maps_folder(run, provider.about)
    files = [map_file(folder, record) for record in source.records]
    missing = [(r, f) for r, f in zip(source.records, files, strict=True) if not f.is_file()]
    if missing:
        _write_json(folder / ABOUT, asdict(provider.about))
        with counted(f"saliency maps by {provider.about.provider}", len(missing)) as advance:
            for record, file in missing:
                write_map(file, provider.find(pil_to_tensor(read_photo(record.image))), record)
                advance()
    return _with_files(source, files)


def with_kept_saliency(source: Source, run: Path) -> Source:
    """Return the source whose records know the maps that the training of a run made of them.

    Raises
    ------
    FileNotFoundError
        If a map or the record of their origin is missing.
    """
    folder = run / FOLDER / str(origin_of(run).get("folder", ""))
    files = [map_file(folder, record) for record in source.records]
    missing = [r.image for r, f in zip(source.records, files, strict=True) if not f.is_file()]
    if missing:
        raise FileNotFoundError(
            f"{len(missing)} photos have no saliency map in {folder}, such as {missing[0]}: name "
            "maps, or what makes them, with --saliency"
        )
    return _with_files(source, files)


def record_origin(run: Path, about: About) -> None:
    """Record in ``run/saliency/training.json`` which maps the training of a run is made with."""
    record = {**asdict(about), "folder": maps_folder(run, about).name}
    _write_json(run / FOLDER / TRAINING, record)


def origin_of(run: Path) -> dict[str, Any]:
    """Return what :func:`record_origin` recorded, nothing if the run made no maps.

    Raises
    ------
    ValueError
        If the file is damaged.
    """
    file = run / FOLDER / TRAINING
    if not file.is_file():
        return {}
    return json_object(file.read_text(encoding="utf-8", errors="replace"), origin=str(file))


def maps_folder(run: Path, about: About) -> Path:
    """Return the folder below a run for the maps of one origin.

    Raises
    ------
    FileExistsError
        If ``run/saliency`` is there and holds anything but such folders.
    """
    parent = run / FOLDER
    if parent.exists() and not is_made(parent):
        raise FileExistsError(
            f"out: {parent} holds files that getam did not make: choose another folder for the run"
        )
    mark = hashlib.sha256(json.dumps(asdict(about)).encode()).hexdigest()[:8]
    return parent / class_parts([f"{about.provider}-{mark}"])[0]


def is_made(folder: Path) -> bool:
    """Return whether a folder ``RUN/saliency`` holds nothing but maps that were made.

    A file of this name, or a folder with anything else in it, belongs to somebody else.
    """
    if not folder.is_dir():
        return False
    others = (path for path in folder.iterdir() if path.name != TRAINING)
    return all((origin / ABOUT).is_file() for origin in others)


def map_file(folder: Path, record: Record) -> Path:
    """Return the file of the map of a photo: ``NAME-HASH.png``, of the photo's name and bytes."""
    with record.image.open("rb") as photo:
        mark = hashlib.file_digest(photo, "sha256").hexdigest()[:MARK]
    return folder / f"{places([record.image.name])[0]}-{mark}.png"


def write_map(file: Path, found: Tensor, record: Record) -> None:
    """Write a map [h, w] in 0..1 as a grey PNG in the shape of its photo.

    Raises
    ------
    ValueError
        If the provider returned something else.
    """
    if found.ndim != 2 or not found.is_floating_point() or not 0 <= found.min() <= found.max() <= 1:
        raise ValueError(
            f"a saliency map must be floats [h, w] in 0..1, got {list(found.shape)} of "
            f"{found.dtype} for {record.image}"
        )
    height, width = photo_size(record.image)
    scale = min(1.0, LONG_SIDE / max(height, width))
    size = max(1, round(height * scale)), max(1, round(width * scale))
    whole = interpolate(found[None, None].cpu(), size, mode="bilinear")[0]
    with whole_file(file) as temporary:
        to_pil_image((whole * 255).round().byte()).save(temporary)


def _write_json(file: Path, content: Mapping[str, Any]) -> None:
    with whole_file(file) as temporary:
        temporary.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def _with_files(source: Source, files: Iterable[Path]) -> Source:
    pairs = zip(source.records, files, strict=True)
    return replace(source, records=tuple(replace(record, saliency=file) for record, file in pairs))
