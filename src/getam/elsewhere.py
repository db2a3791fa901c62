"""Photos, lists and outputs may lie elsewhere than on a disk: ``s3://bucket/photos``.

Such an address behaves like a path. What it leads to is asked of fsspec, which knows the
object stores of all clouds. An address names itself as the user wrote it, so the places of outputs
and the entries of manifests do as well.
"""

import io
import os
import re
import stat
from abc import ABC, abstractmethod
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from datetime import datetime
from errno import EIO, ENOENT
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

_AT = re.compile(r"([a-z][a-z0-9+.-]+(?:::[a-z][a-z0-9+.-]+)*):/+(.*)", re.DOTALL)
_ON_A_DISK = frozenset({"file", "local"})
IN_LISTS = frozenset({"s3", "s3a", "gs", "gcs", "az", "abfs", "adl", "oci", "oss", "tos", "memory"})
"""The stores that a list may name. Somebody else may have made it, and other kinds of addresses
would connect to any machine, or keep copies on this one."""

_CHANGED = ("LastModified", "mtime", "updated", "last_modified", "created")

if TYPE_CHECKING:
    _Path = Path
else:
    _Path = type(Path())


class Fetched(_Path, ABC):
    """A fetched path is one whose file the operating system cannot open by its name."""

    @abstractmethod
    def fetch(self) -> bytes:
        """Return the content of the file."""

    def open(self, mode: str = "r", *_: Any, **text: Any) -> IO[Any]:  # type: ignore[override]
        """Fetch the whole file and open it for reading."""
        if mode not in ("r", "rb"):
            raise OSError(f"{self} cannot be opened to write: files are written whole")
        content = io.BytesIO(self.fetch())
        if mode == "rb":
            return content
        given = {key: value for key, value in text.items() if key != "buffering"}
        return io.TextIOWrapper(content, **given)

    def exists(self, **_: Any) -> bool:
        """Return whether anything lies there."""
        return self._kind() is not None

    def is_file(self, **_: Any) -> bool:
        """Return whether it is a file."""
        return self._kind() == stat.S_IFREG

    def is_dir(self, **_: Any) -> bool:
        """Return whether files lie below it."""
        return self._kind() == stat.S_IFDIR

    def is_symlink(self) -> bool:
        """Return False, since there are no links."""
        return False

    def _kind(self) -> int | None:
        try:
            return stat.S_IFMT(self.stat().st_mode)
        except (FileNotFoundError, NotADirectoryError):
            return None


def described(*, is_folder: bool, size: int, changed: float) -> os.stat_result:
    """Return what `Path.stat` returns, of a kind, a size in bytes and a time in seconds."""
    kind = stat.S_IFDIR if is_folder else stat.S_IFREG
    times = {"st_mtime_ns": int(changed * 1e9)}
    return os.stat_result((kind, 0, 0, 0, 0, 0, size, 0, int(changed), 0), times)


class Elsewhere(Fetched):
    """An address is a path whose file is fetched when it is opened.

    Only what getam asks of its inputs and outputs is answered. :func:`located` makes addresses.
    """

    _info: dict[str, Any] | None = None  # of a listing, so that nobody asks for every file

    def __str__(self) -> str:
        """Return the address with two slashes, of which a path keeps only one."""
        text = "/".join(self.parts)
        found = _AT.fullmatch(text)
        return text if found is None else f"{found[1]}://{found[2]}"

    def __fspath__(self) -> str:
        """Return the address, for `os.path`. Nothing else can open it."""
        return str(self)

    def absolute(self) -> "Elsewhere":
        """Return the address itself, which no folder changes."""
        return self

    def resolve(self, strict: bool = False) -> "Elsewhere":  # noqa: ARG002 (of Path)
        """Return the address without ``..``; object stores have no links."""
        parts: list[str] = []
        for part in self.parts:
            if part != "..":
                parts.append(part)
            elif len(parts) > 1:
                parts.pop()
        return type(self)(*parts)

    def stat(self, *, follow_symlinks: bool = True) -> os.stat_result:  # noqa: ARG002 (of Path)
        """Return kind, size and time of change of what lies there."""
        info = self._info
        if info is None:
            with self._store() as (store, name):
                info = store.info(name)
        changed = next((info[key] for key in _CHANGED if info.get(key)), 0)
        return described(
            is_folder=info["type"] == "directory",
            size=info.get("size") or 0,
            changed=_seconds(changed),
        )

    def fetch(self) -> bytes:
        """Return the content of the file, in one request."""
        with self._store() as (store, name):
            content: bytes = store.cat_file(name)
        return content

    def iterdir(self) -> Generator["Elsewhere", None, None]:
        """Yield what lies in a folder."""
        with self._store() as (store, name):
            listed = store.ls(name, detail=True)
        for info in listed:
            yield self._listed(Path(info["name"].rstrip("/")).name, info)

    def rglob(self, pattern: str, **_: Any) -> Iterator["Elsewhere"]:  # type: ignore[override]
        """Yield the files below a folder whose names match a pattern, in one listing."""
        with self._store() as (store, name):
            listed = store.find(name, detail=True)
        below = len(name.rstrip("/")) + 1
        for key, info in listed.items():
            path = self._listed(key[below:], info)
            if path.match(pattern):
                yield path

    def glob(self, pattern: str, **_: Any) -> Iterator["Elsewhere"]:  # type: ignore[override]
        """Yield the files and folders below a folder that match a pattern such as ``*/*``."""
        first, _slash, rest = pattern.partition("/")
        for path in self.iterdir() if self.is_dir() else ():
            if path.match(first):
                yield from path.glob(rest) if rest and path.is_dir() else [path][bool(rest) :]

    def put(self, file: Path) -> None:
        """Send a file there, whole or not at all, as object stores do."""
        with self._store() as (store, name):
            store.put_file(str(file), name)

    def unlink(self, missing_ok: bool = False) -> None:
        """Remove a file."""
        if not missing_ok or self.exists():
            with self._store() as (store, name):
                store.rm_file(name)

    def _listed(self, name: str, info: dict[str, Any]) -> "Elsewhere":
        path = type(self)(self, name.lstrip("/"))  # a key such as photos//1.jpg stays below it
        path._info = info
        return path

    @contextmanager
    def _store(self) -> Iterator[tuple[Any, str]]:
        """Yield the store and the name in it. The store is another one in every process."""
        from fsspec.core import url_to_fs

        try:
            if _AT.fullmatch(str(self)) is None:  # fsspec would open a file of this machine
                raise FileNotFoundError
            yield url_to_fs(str(self))
        except FileNotFoundError:
            raise FileNotFoundError(ENOENT, os.strerror(ENOENT), str(self)) from None
        except ImportError as error:
            raise ValueError(f'{self} needs a package: pip install "getam[remote]"') from error
        except Exception as error:  # every store has errors of its own
            reason = " ".join(str(error).split()) or type(error).__name__
            raise OSError(EIO, f"the store does not answer ({reason})", str(self)) from error


def _seconds(changed: Any) -> float:
    if isinstance(changed, datetime):
        return changed.timestamp()
    if isinstance(changed, str):
        return datetime.fromisoformat(changed).timestamp()
    return float(changed)


def located(path: str | Path) -> Path:
    """Return an address as `Elsewhere`, and everything else as a path of the disk.

    Parameters
    ----------
    path
        A path or an address such as ``s3://bucket/photos``, also one whose two slashes a path has
        made one. ``file:///photos`` is a path of the disk. What looks like an address of a
        kind that fsspec does not know is a path too.

    Examples
    --------
    >>> str(located("memory://photos/1.jpg").parent / "2.jpg")
    'memory://photos/2.jpg'
    >>> located("file:///photos").as_posix(), located("photos/1.jpg").as_posix()
    ('/photos', 'photos/1.jpg')
    """
    if isinstance(path, Fetched):
        return path
    found = _AT.fullmatch(path if isinstance(path, str) else path.as_posix())
    if found is None:
        return Path(path)
    from fsspec import available_protocols

    kinds, rest = found.groups()
    if kinds in _ON_A_DISK:
        return Path(f"/{rest}")
    if not set(kinds.split("::")) <= set(available_protocols()):
        return Path(path)
    return Elsewhere(f"{kinds}:/{rest}")


def named_in(folder: Path, name: str) -> Path:
    """Return what a list in a folder names: an address, or a path relative to the folder.

    Raises
    ------
    ValueError
        If it is an address of a kind that is neither in `IN_LISTS` nor that of the folder.
    """
    at = located(name)
    if not isinstance(at, Elsewhere):
        return at if at.is_absolute() else folder / at
    kinds, own = (_AT.fullmatch(path.as_posix()) for path in (at, folder))
    if kinds and kinds[1] not in IN_LISTS and not (own and own[1] == kinds[1]):
        raise ValueError(
            f"a list names {name!r}, and it may only name files on a disk, in a store such as "
            "s3:// or gs://, or where the list itself lies: copy the files there"
        )
    return at


def whole_name(path: Path) -> str:
    """Return the address, or the absolute path, as text."""
    return str(path) if isinstance(path, Elsewhere) else os.path.normpath(path.absolute())
