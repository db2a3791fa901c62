"""A photo may lie in a tar file, such as a shard of WebDataset: ``shards/000.tar/cat.jpg``.

Nothing is unpacked. The headers of a tar are read once, and a photo is read at its place in the
file. So photos in a tar keep their order, and any of them can be read alone.
"""

import os
import tarfile
from functools import cache
from io import BufferedReader, FileIO
from pathlib import Path
from typing import IO, NamedTuple

from getam.elsewhere import Fetched, described

TAR = ".tar"
LONGEST_HEADER = 2**14
"""So many bytes a header may have. Python reads one whole, and long ones slowly."""


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
        tar = self._tar()
        name = str(self)[len(str(tar)) + 1 :].replace(os.sep, "/")
        extent = members(tar).get(name)
        if extent is None:
            raise FileNotFoundError(f"there is no {name} in {tar}")
        return tar, extent

    def _tar(self) -> Path:
        """Return the outermost file above it. A folder may be called ``.tar``, and a member too."""
        tars = [Path(str(p)) for p in reversed(self.parents) if p.suffix.lower() == TAR]
        tar = next((path for path in tars if path.is_file()), None)
        if tar is None:
            raise FileNotFoundError(f"there is no shard that holds {self}")
        return tar


class _Headers(BufferedReader):
    """A tar of which headers alone are read. One may claim any length, and it is read whole."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is None or not 0 <= size <= LONGEST_HEADER:
            raise ValueError(f"a header has {size} bytes, and {LONGEST_HEADER:,} are the most")
        return super().read(size)


def read_extent(file: IO[bytes], extent: Extent) -> bytes:
    """Read a part of a file."""
    file.seek(extent.start)
    return file.read(extent.size)


def members(tar: Path) -> dict[str, Extent]:
    """Return where the files in a tar lie, by their names. The tar is read only if it has changed.

    Links, devices and folders in it are no files. Names are those of a path within the tar:
    ``./1.jpg``, ``/1.jpg`` and ``../1.jpg`` are all ``1.jpg``, so none of them leads out.

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
        with _Headers(FileIO(tar)) as file, tarfile.open(fileobj=file, mode="r:") as opened:
            for member in opened:
                opened.members = []  # type: ignore[attr-defined]  # which would keep a megabyte of every thousand
                if member.size < 0:  # the next header would be one that was read before
                    raise ValueError(f"{member.name!r} has a size below zero")
                if not member.isreg() or member.issparse():
                    continue
                if member.offset_data + member.size > size:
                    raise ValueError("it is cut off")
                name = _within(member.name)
                if name in extents:
                    raise ValueError(f"it holds {name} twice")
                extents[name] = Extent(member.offset_data, member.size)
    except tarfile.TarError as error:
        raise ValueError(
            f"cannot read the shard {tar}: {error}; it must be a whole and plain .tar"
        ) from error
    except (ValueError, EOFError, RecursionError) as error:
        raise ValueError(f"cannot read the shard {tar}: {error}; make it anew") from error
    return extents


def _within(name: str) -> str:
    """Return a name as the path that it is within a tar.

    Examples
    --------
    >>> _within("./a//1.jpg"), _within("/etc/1.jpg"), _within("a/../../1.jpg")
    ('a/1.jpg', 'etc/1.jpg', '1.jpg')
    """
    parts: list[str] = []
    for part in name.split("/"):
        if part == "..":
            parts = parts[:-1]
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)
