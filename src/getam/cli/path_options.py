"""The paths that a command names are looked up before anything heavy is imported.

So a path with a mistake is answered at once, and not after the seconds that torch needs.
"""

from collections.abc import Callable
from difflib import get_close_matches
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

FAULTS_OF_DATA = {"check": frozenset({"labels", "saliency", "truth"})}
"""A verb that lists what is wrong with a data set lists these too, if they are missing."""


def looked_up(name: str, value: Any, *, verb: str, refuse: Callable[[str], NoReturn]) -> Any:
    """Return the address that a path is, if the verb can use one, and everything else as it is.

    Parameters
    ----------
    name
        The name of the option.
    value
        What it was given.
    verb
        The verb, which says whether the option may be an address.
    refuse
        What is called with the reason if it may not.

    Raises
    ------
    FileNotFoundError
        If a file or folder that is to be read does not exist. What lies elsewhere is not asked for.
    """
    if not isinstance(value, Path):
        return value
    at = located(value)
    if isinstance(at, Elsewhere):
        if name not in ELSEWHERE.get(verb, ()):
            refuse(f"{name} must lie on a disk, got {at}: copy it there first")
        return at
    is_pattern = "{" in str(value)  # of shards
    needed = name not in MADE | FAULTS_OF_DATA.get(verb, frozenset())
    if needed and not is_pattern and not value.exists():
        raise FileNotFoundError(f"{name}: {missing(value)}")
    return at


def missing(path: Path) -> str:
    """Say which part of a path that does not exist is missing, and what has nearly its name."""
    there = next(parent for parent in path.absolute().parents if parent.exists())
    lost = path.absolute().relative_to(there).parts[0]
    where = "" if there == path.parent else f": {there} holds no {lost}"
    siblings = there.iterdir() if there.is_dir() else ()
    near = get_close_matches(lost, [sibling.name for sibling in siblings], n=1)
    return f"there is no {path}{where}" + (f"; did you mean {near[0]}?" if near else "")
