"""This module writes files whole or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from getam.elsewhere import Elsewhere, located


def write_text(path: str | Path, text: str) -> None:
    r"""Write a text file in UTF-8, whole or not at all.

    A file name that is no Unicode holds characters that UTF-8 has no bytes for. They become escapes
    such as ``\udcff``, which JSON reads as the same characters.
    """
    with whole_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8", errors="backslashreplace")


def move(file: Path, to: Path) -> None:
    """Move a whole file to its place, on the same disk or to an address."""
    if isinstance(to, Elsewhere):
        to.put(file)
        file.unlink()
        return
    to.parent.mkdir(parents=True, exist_ok=True)
    file.replace(to)


@contextmanager
def whole_file(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside ``path``; it replaces ``path`` only if the block succeeds.

    Parameters
    ----------
    path
        The file to write. Its folder is made if it is missing.

    Yields
    ------
    Path
        The path to write to. It has the ending of ``path``, so that libraries pick the right
        format. The file of an address such as ``s3://bucket/1.png`` is written on this machine and
        then sent.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with whole_file(Path(folder) / "a.txt") as temporary:
    ...         _ = temporary.write_text("whole")
    ...     (Path(folder) / "a.txt").read_text()
    'whole'
    """
    path = located(path)
    if isinstance(path, Elsewhere):
        with TemporaryDirectory() as folder:
            temporary = Path(folder) / path.name
            yield temporary
            path.put(temporary)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    try:
        with naming(path):
            yield temporary
            temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Name a file in errors that do not: a full disk does not say what it had no room for."""
    try:
        yield
    except OSError as error:
        if error.filename is None:
            error.filename = str(path)
        raise


_held: set[int] = set()  # folders of `alone_in`, as the system numbers open files


def _let_go() -> None:
    while _held:
        os.close(_held.pop())


if hasattr(
    os, "register_at_fork"
):  # a reading process that outlives a run must not keep its folder
    os.register_at_fork(after_in_child=_let_go)


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Keep a folder to this process; another one that wants it meanwhile gets an error.

    The system lets the folder go when the process ends, however it ends.

    Raises
    ------
    FileExistsError
        If another process has the folder.
    """
    try:
        import fcntl
    except ImportError:  # Windows has no such locks
        yield
        return
    opened = os.open(folder, os.O_RDONLY)
    _held.add(opened)
    try:
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise FileExistsError(
                f"out: another process works in {folder}: wait until it ends, or stop it"
            ) from None
        except OSError:  # some disks of networks have no such locks
            pass
        yield
    finally:
        _held.remove(opened)
        os.close(opened)


def sync(path: Path) -> None:
    """Wait until the content of a file is on the disk.

    A file that gets its name before that may be empty after a loss of power. The wait takes some
    hundredths of a second, so it is for files that nothing can make again.
    """
    with path.open("rb+") as file:
        os.fsync(file.fileno())
