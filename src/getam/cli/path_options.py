"""The paths that a command names are looked up before anything heavy is imported.

So a path with a mistake is answered at once, and not after the seconds that torch needs.
"""

import re
from collections.abc import Callable, Collection
from difflib import get_close_matches
from itertools import islice
from pathlib import Path
from typing import Any, NoReturn

from getam.cli.command import WRITTEN
from getam.elsewhere import Elsewhere, located

READ_ELSEWHERE = frozenset({"images", "data", "labels", "truth"})
WRITTEN_ELSEWHERE = READ_ELSEWHERE | {"out"}
ELSEWHERE = {
    **dict.fromkeys(("check", "train"), READ_ELSEWHERE),
    **dict.fromkeys(("explain", "label", "maps", "predict"), WRITTEN_ELSEWHERE),
}
"""The options of each verb that may be addresses such as ``s3://bucket/photos``."""

MADE = frozenset({*WRITTEN, "cache"})
"""The command makes these itself."""

LEFT_TO_THE_VERB = {"check": frozenset({"labels", "saliency", "truth"})}
"""A verb that lists what is wrong with a data set lists these too, if they are missing."""

_SHARDS = re.compile(r"\{\d+\.\.\d+\}")  # such as shards/{000..007}.tar
_SIBLINGS = 1000  # to compare more names would take longer than to import torch


def checked_path(
    name: str,
    value: Any,
    *,
    verb: str,
    refuse: Callable[[str], NoReturn],
    unread: Collection[str] = (),
) -> Any:
    """Return the address that a path is, if the verb can use one, and everything else as it is.

    Parameters
    ----------
    name
        The name of the option.
    value
        The value that the option was given.
    verb
        The verb, which says whether the option may be an address.
    refuse
        A function that is called with the reason if the option may be no address.
    unread
        The options that this command does not read.

    Raises
    ------
    OSError
        If a file or folder that is to be read does not exist. What lies elsewhere is not asked for.
    """
    at = value
    if isinstance(value, Path):
        at = located(value)
    elif name == "saliency" and isinstance(value, str) and Path(value).name != value:
        value = Path(value)  # no name of a provider has folders in it
    if isinstance(at, Elsewhere):
        if name not in ELSEWHERE.get(verb, ()):
            refuse(f"{name} must lie on a disk, got {at}: copy it there first")
        return at
    needed = name not in {*MADE, *LEFT_TO_THE_VERB.get(verb, ()), *unread}
    if isinstance(value, Path) and needed and not _SHARDS.search(str(value)):
        refuse_missing(name, value)
    return at


def refuse_missing(name: str, path: Path) -> None:
    """Raise an OSError that names the option if there is no such file or folder."""
    try:
        there = path.exists()
    except OSError as error:  # a name that is too long, a folder that may not be entered
        raise OSError(f"{name}: {error.strerror}: {path}") from error
    if not there:
        raise FileNotFoundError(f"{name}: there is no {path}{what_is_missing(path)}")


def what_is_missing(path: Path) -> str:
    """Say which part of a path that does not exist is missing, and what has nearly its name."""
    there = next(parent for parent in path.parents if parent.exists())
    lost = path.relative_to(there).parts[0]
    if (there / lost).is_symlink():
        return f": {there / lost} is a link to {(there / lost).readlink()}, which leads nowhere"
    if lost.startswith("~"):
        return ": write your home folder out in place of ~"
    is_here = there == Path()
    shown = Path.cwd() if is_here else there
    where = f": {shown} holds no {lost}" if is_here or there != path.parent else ""
    near = get_close_matches(lost, names_in(there), n=1)
    return f"{where}; did you mean {near[0]}?" if near else where


def names_in(folder: Path) -> list[str]:
    """Return the names of the first files in a folder; none if it cannot be listed."""
    try:
        return [path.name for path in islice(folder.iterdir(), _SIBLINGS)]
    except OSError:
        return []
