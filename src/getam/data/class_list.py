"""This module reads a ``classes.txt``, which gives the mask value of every class.

The first line is background and has the value 0. The value of every other class is the number of
its line, counted from 0.
"""

from collections.abc import Mapping
from pathlib import Path

from getam.data.class_names import check_class_names, is_background
from getam.data.spelling import composed

CLASS_LIST = "classes.txt"


def class_list(classes: Mapping[str, int]) -> str:
    """Return the text of a class list; a value that no class has is an empty line."""
    names = {value: name for name, value in classes.items()} | {0: "background"}
    return "".join(f"{names.get(value, '')}\n" for value in range(max(names) + 1))


def read_class_list(path: Path) -> dict[str, int]:
    """Read the name of every class and its value in masks.

    An empty line means that no class has the value of this line.

    Raises
    ------
    ValueError
        If the first line is not background, if another line is, or if a name is there twice.
    """
    first, *names = [composed(line.strip()) for line in _text(path).split("\n")]
    if not is_background(first.strip("_")):
        raise ValueError(f"the first line of {path} must be background (value 0), got {first!r}")
    check_class_names(names, path)
    classes = {name: value for value, name in enumerate(names, start=1) if name}
    if len(classes) < sum(map(bool, names)):
        twice = next(name for name in names if name and names.count(name) > 1)
        raise ValueError(f"{path} names the class {twice!r} twice")
    return classes


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"cannot read the class list {path}: {error}") from error
