"""This module finds files on a disk; it lists every folder once, however many files are asked for.

To ask for a million files one by one takes minutes, more so on the disk of another machine.
"""

import errno
import os
from collections.abc import Sequence
from contextlib import nullcontext
from functools import cache
from pathlib import Path
from typing import NamedTuple

from getam.data.spelling import as_on_disk, composed
from getam.data.there import is_file
from getam.elsewhere import Elsewhere, located
from getam.places import folded

_NOT_THERE = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG, errno.ELOOP})


class _Folder(NamedTuple):
    """A folder holds its path in the spelling of the disk and the names of its files."""

    path: Path
    names: dict[str, list[str]] | None
    """The names that differ only in case or in their Unicode form, by what they share.

    None if the folder may not be listed.
    """

    def find(self, name: str) -> Path | None:
        """Return the file of a name, or None."""
        if self.names is None:
            found = as_on_disk(self.path / name)
            return found if is_file(found) else None
        similar = self.names.get(_key(name))
        if similar is None:
            return None
        spelled = [other for other in similar if composed(other) == composed(name)]
        if spelled:
            return self.path / (name if name in spelled else spelled[0])
        # Some disks ignore case, which only they can tell.
        path = self.path / name
        return path if is_file(path) else None


class Disk:
    """A disk finds files as they were when their folder was first asked for.

    Examples
    --------
    >>> Disk().find("no_such_folder/1.jpg") is None
    True
    """

    def __init__(self) -> None:
        self._folder = cache(_listed)

    def find(self, path: str, endings: Sequence[str] = ("",)) -> Path | None:
        """Return a file in the spelling of the disk, or None if it is not there.

        Parameters
        ----------
        path
            The path, with accented letters in either Unicode form. Its case must be that of the
            disk, unless the disk ignores case.
        endings
            What may follow the path. The first file that is there is returned.
        """
        place, name = os.path.split(path)
        folder = self._folder(place)
        if folder.names == {}:
            return None
        found = (folder.find(name + ending) for ending in endings)
        return next(filter(None, found), None)


def _listed(folder: str) -> _Folder:
    at = as_on_disk(located(folder))
    names: dict[str, list[str]] = {}
    try:
        with nullcontext(at.iterdir()) if isinstance(at, Elsewhere) else os.scandir(at) as entries:
            for entry in entries:
                if _is_file(entry):
                    names.setdefault(_key(entry.name), []).append(entry.name)
    except OSError as error:
        return _Folder(at, {} if error.errno in _NOT_THERE else None)
    except ValueError:  # no file system holds such a name
        pass
    return _Folder(at, names)


def _is_file(entry: os.DirEntry[str] | Elsewhere) -> bool:
    try:
        return entry.is_file()
    except OSError:  # a link that leads to itself; the other files of the folder are there
        return False


def _key(name: str) -> str:
    """Return what names share that differ only in case or in their Unicode form."""
    return name.lower() if name.isascii() else folded(name)
