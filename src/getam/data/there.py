"""This module asks whether a file is there, also under a name that no file system can hold."""

import errno
from collections.abc import Callable
from pathlib import Path


def is_file(path: Path) -> bool:
    """Return whether a path leads to a file. A name that is too long leads to none."""
    return _asked(path.is_file)


def exists(path: Path) -> bool:
    """Return whether a path leads to anything. A name that is too long leads to nothing."""
    return _asked(path.exists)


def _asked(question: Callable[[], bool]) -> bool:
    try:
        return question()
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            return False
        raise
