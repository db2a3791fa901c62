"""Measured rows are kept in a JSON file by name, so that a script goes on where it stopped."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from getam.files import whole_file


def read_rows(file: Path) -> dict[str, Any]:
    """Return the finished rows of a file, none if there is no such file."""
    found: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {}
    return found


def keep_row(file: Path, name: str, row: dict[str, Any]) -> None:
    """Add a finished row to a file, whole or not at all; several processes may do so at once."""
    with alone(file.parent), whole_file(file) as path:
        path.write_text(json.dumps({**read_rows(file), name: row}, indent=1) + "\n")


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Keep other processes that ask for the same folder waiting."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
