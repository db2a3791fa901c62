"""One name in two Unicode spellings: an accented letter as one sign (NFC) or as two (NFD).

A Mac's older file systems write names in NFD, and tables are mostly typed in NFC; both look alike.
"""

from functools import lru_cache
from pathlib import Path
from unicodedata import normalize


def composed(name: str) -> str:
    """Return a name in NFC, the spelling in which names are compared."""
    return normalize("NFC", name)


def as_on_disk(path: Path) -> Path:
    """Return the path under which a file can be opened, if its name is spelled in another way.

    A path that leads to nothing in either spelling is returned as it was given.
    """
    if str(path).isascii() or path.exists() or path.parent == path:
        return path
    parent = as_on_disk(path.parent)
    if not parent.is_dir():
        return path
    name = _names_in(parent, parent.stat().st_mtime_ns).get(composed(path.name))
    return path if name is None else parent / name


@lru_cache(maxsize=64)
def _names_in(folder: Path, _changed: int) -> dict[str, str]:
    """Return the names in a folder by their NFC; the time of change keeps the cache fresh."""
    return {composed(entry.name): entry.name for entry in folder.iterdir()}
