"""This module refuses names that no class may have."""

from collections.abc import Iterable

_BACKGROUND = "background"


def check_class_names(names: Iterable[str], where: object) -> None:
    """Raise an error if a class is called background.

    Masks use this name for all pixels that show no class. A class of the same name would take the
    score of the real background.

    Parameters
    ----------
    names
        The names of the classes.
    where
        The file or folder that they come from, for the message.

    Raises
    ------
    ValueError
        If a name is "background", in capitals or not.
    """
    wrong = next((name for name in names if is_background(name)), None)
    if wrong is not None:
        raise ValueError(
            f"{where} has a class {wrong!r}, which is the name of what no class covers: give the "
            "photos that show none of the classes no label at all, or rename the class"
        )


def is_background(name: str) -> bool:
    """Return whether a name means the background, in capitals or not."""
    return name.strip().casefold() == _BACKGROUND
