"""A list must name every photo once, however it is spelled."""

from collections.abc import Iterable
from functools import cache
from pathlib import Path

from getam.data.finding import Finding, Notice, warn


def check_once(
    photos: Iterable[tuple[str, Path]], origin: object, *, notice: Notice = warn
) -> None:
    """See that no file is named a second time, not as ``x/../1.jpg`` beside ``1.jpg``.

    Parameters
    ----------
    photos
        Pairs of the name of a photo, as the list spells it, and its path.
    origin
        The list, for the message.
    notice
        What is told of the files that are named again.

    Raises
    ------
    ValueError
        If a file is named a second time and ``notice`` does not go on.
    """
    folder_of = cache(_resolved)  # many photos lie in few folders, and resolving is slow
    names: dict[Path, list[str]] = {}
    for name, photo in photos:
        names.setdefault(folder_of(photo.parent) / photo.name, []).append(name)
    again = tuple(tuple(spelled) for spelled in names.values() if len(spelled) > 1)
    if again:
        message = f"{origin} names {len(again)} photos more than once"
        advice = "keep one entry for each"
        notice(Finding("refused", "named twice", message, advice, again))


def _resolved(folder: Path) -> Path:
    try:
        return folder.resolve()
    except (OSError, RuntimeError):  # links that lead to each other lead nowhere
        return folder.absolute()
