"""Names that no class may have."""

from collections.abc import Iterable

_BACKGROUND = "background"


def check_class_names(names: Iterable[str], where: object) -> None:
    """See that no class is called background, which is what masks call the rest of a photo.

    Such a class would stand beside the real background, and take its score.

    Parameters
    ----------
    names
        The names of the classes.
    where
        The file or folder that they come from.

    Raises
    ------
    ValueError
        If one of them is "background" in any case.
    """
    wrong = next((name for name in names if is_background(name)), None)
    if wrong is not None:
        raise ValueError(
            f"{where} has a class {wrong!r}, which is the name of what no class covers: give the "
            "photos that show none of the classes no label at all, or rename the class"
        )


def is_background(name: str) -> bool:
    """Return whether a name means the background, whatever its case."""
    return name.strip().casefold() == _BACKGROUND
