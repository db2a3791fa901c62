"""This module compares names that are spelled in different Unicode forms.

An accented letter is one sign in the form NFC and two signs in the form NFD. Both look alike.
Older file systems of a Mac write names in NFD, while tables are mostly typed in NFC.
"""

from functools import lru_cache
from pathlib import Path
from unicodedata import normalize

from getam.data.there import exists


def composed(name: str) -> str:
    """Return a name in NFC, the form in which names are compared."""
    return normalize("NFC", name)


def as_on_disk(path: Path) -> Path:
    """Return a path in the spelling of the disk, so that the file can be opened.

    A path that leads to no file in any spelling is returned unchanged.
    """
    if str(path).isascii() or exists(path) or path.parent == path:
        return path
    parent = as_on_disk(path.parent)
    if not (exists(parent) and parent.is_dir()):
        return path
    name = _names_in(parent, parent.stat().st_mtime_ns).get(composed(path.name))
    return path if name is None else parent / name


@lru_cache(maxsize=64)
def _names_in(folder: Path, _changed: int) -> dict[str, str]:
    """Return the names in a folder by their NFC form.

    The time of the last change is part of the cache key, so that new files are seen.
    """
    return {composed(entry.name): entry.name for entry in folder.iterdir()}
