"""This module asks whether a file is there, also under a name that no file system can hold."""

import errno
from collections.abc import Callable
from pathlib import Path


def is_file(path: Path) -> bool:
    """Return whether a path leads to a file. A name that is too long leads to none."""
    return _asked(Path.is_file, path)


def exists(path: Path) -> bool:
    """Return whether a path leads to anything. A name that is too long leads to nothing."""
    return _asked(Path.exists, path)


def _asked(question: Callable[[Path], bool], path: Path) -> bool:
    try:
        return question(path)
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            return False
        raise
