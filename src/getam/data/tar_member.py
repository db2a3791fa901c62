"""A photo may lie in a tar file, such as a shard of WebDataset: ``shards/000.tar/cat.jpg``.

Nothing is unpacked. The headers of a tar are read once, and a photo is read at its place in the
file. So photos in a tar keep their order, and any of them can be read alone.
"""

import os
import tarfile
from functools import cache
from pathlib import Path
from typing import IO, NamedTuple

from getam.elsewhere import Fetched, described

TAR = ".tar"


class Extent(NamedTuple):
    """An extent says where in a tar the content of a file begins and how many bytes it has."""

    start: int
    size: int


class Member(Fetched):
    """A member is the path of a file in a tar: the path of the tar, and the name in it."""

    def stat(self, *, follow_symlinks: bool = True) -> os.stat_result:  # noqa: ARG002 (of Path)
        """Return the size of the file, and the time of change of the tar."""
        tar, extent = self._place()
        return described(is_folder=False, size=extent.size, changed=tar.stat().st_mtime)

    def fetch(self) -> bytes:
        """Read the file out of the tar."""
        tar, extent = self._place()
        with tar.open("rb") as file:
            return read_extent(file, extent)

    def _place(self) -> tuple[Path, Extent]:
        before, _, name = str(self).partition(f"{TAR}{os.sep}")
        tar = Path(f"{before}{TAR}")
        extent = members(tar).get(name.replace(os.sep, "/"))
        if extent is None:
            raise FileNotFoundError(f"there is no {name} in {tar}")
        return tar, extent


def read_extent(file: IO[bytes], extent: Extent) -> bytes:
    """Read a part of a file."""
    file.seek(extent.start)
    return file.read(extent.size)


def members(tar: Path) -> dict[str, Extent]:
    """Return where the files in a tar lie, by their names. The tar is read only if it has changed.

    Links, devices and folders in it are no files. A name that leads out of the tar, such as
    ``../1.jpg``, is no more than a name, since nothing is unpacked.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is no uncompressed tar, or if two files in it have one name.
    """
    found = tar.stat()
    return _members(tar, found.st_size, found.st_mtime_ns)


@cache
def _members(tar: Path, size: int, _changed: int) -> dict[str, Extent]:
    extents: dict[str, Extent] = {}
    try:
        with tarfile.open(tar, "r:") as opened:
            for member in opened:
                opened.members = []  # type: ignore[attr-defined]  # which would keep a megabyte of every thousand
                if not member.isreg() or member.issparse():
                    continue
                if member.offset_data + member.size > size:
                    raise ValueError("it is cut off")
                if member.name in extents:
                    raise ValueError(f"it holds {member.name} twice")
                extents[member.name] = Extent(member.offset_data, member.size)
    except (tarfile.TarError, ValueError, EOFError) as error:
        raise ValueError(
            f"cannot read the shard {tar}: {error}; it must be a plain .tar"
        ) from error
    return extents
