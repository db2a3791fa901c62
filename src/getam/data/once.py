"""A list must name every photo once, however it is spelled."""

from collections.abc import Iterable
from functools import cache
from pathlib import Path


def check_once(photos: Iterable[tuple[str, Path]], origin: object) -> None:
    """See that no file is named a second time, not as ``x/../1.jpg`` beside ``1.jpg``.

    Parameters
    ----------
    photos
        Pairs of the name of a photo, as the list spells it, and its path.
    origin
        The list, for the message.

    Raises
    ------
    ValueError
        If a file is named a second time.
    """
    folder_of = cache(Path.resolve)  # many photos lie in few folders, and resolving is slow
    seen: dict[Path, str] = {}
    for name, photo in photos:
        file = folder_of(photo.parent) / photo.name
        if file in seen:
            spelling = "" if seen[file] == name else f", also as {seen[file]}"
            raise ValueError(f"{origin} names the photo {name} twice{spelling}")
        seen[file] = name
