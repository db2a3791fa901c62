"""A file that a command writes may replace a file of its own kind alone.

Therefore no slip in the name of an output costs a photo, a table or the weights of a model.
"""

import os
from pathlib import Path

JSON, HTML = b"{", b"<!DOCTYPE html>"
"""What the files begin with that single-file commands write."""


def refuse_other_kind(file: Path, *, begins: bytes) -> None:
    """Raise an error if a file cannot be written, or would replace a file of another kind.

    It is called before the work begins, so that no result is lost.

    Parameters
    ----------
    file
        The file to write. It may be missing, and so may its folder. Links are followed.
    begins
        The bytes that every file of its kind begins with: `JSON` or `HTML`.

    Raises
    ------
    FileExistsError
        If the name is that of a folder, a device or a file that begins otherwise.
    PermissionError
        If the folder is read-only.
    """
    if file.exists() and not _begins(file, begins):
        raise FileExistsError(
            f"out: {file} exists and was not written by this command: choose another name"
        )
    parent = next(folder for folder in file.absolute().parents if folder.exists())
    if not parent.is_dir():
        raise FileExistsError(f"out: {parent} is no folder, so {file} cannot be written in it")
    if not os.access(parent, os.W_OK):
        raise PermissionError(
            f"out: {file} cannot be written, {parent} is read-only: choose another folder"
        )


def _begins(file: Path, begins: bytes) -> bool:
    if not file.is_file():
        return False
    with file.open("rb") as content:
        return content.read(len(begins)) == begins
