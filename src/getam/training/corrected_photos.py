"""A run records which corrected masks it learns from, and goes on with no others."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from getam.data import Source
from getam.files import sync, whole_file
from getam.json_object import json_object

CORRECTED = "corrected.json"


def corrected_photos(source: Source) -> dict[str, dict[str, str]]:
    """Return the file of each corrected mask and its SHA-256, by the id of its photo."""
    return {
        record.id: {"mask": str(file), "sha256": hashlib.sha256(file.read_bytes()).hexdigest()}
        for record in source.corrected
        if (file := record.corrected)
    }


def write_corrected(folder: Path, photos: Mapping[str, Mapping[str, str]]) -> None:
    """Write ``corrected.json`` into a run folder, whole or not at all. No photos, no file."""
    if not photos:
        return
    with whole_file(folder / CORRECTED) as temporary:
        temporary.write_text(json.dumps(photos, indent=1) + "\n", encoding="utf-8")
        sync(temporary)


def check_same_corrected(folder: Path, photos: Mapping[str, Mapping[str, str]]) -> None:
    """Raise an error if a run began with other corrected masks than these.

    Raises
    ------
    ValueError
        The message names a photo whose mask was added, changed or removed.
    """
    file = folder / CORRECTED
    text = file.read_text(encoding="utf-8", errors="replace") if file.is_file() else "{}"
    began = {name: entry["sha256"] for name, entry in json_object(text, origin=file).items()}
    present = {name: entry["sha256"] for name, entry in photos.items()}
    other = [name for name in {**began, **present} if began.get(name) != present.get(name)]
    if other:
        raise ValueError(
            f"corrected: the masks of {len(other)} photos, {other[0]} among them, are not those "
            f"that the run in {folder} began with: restore them, or begin a new run"
        )
