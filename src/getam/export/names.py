"""This module names the values of masks for programs that know regions by names alone."""

import numpy as np

from getam.vocabulary import IGNORE

UNDECIDED = "undecided"


def names_of_values(classes: dict[str, int]) -> dict[int, str]:
    """Return the name of every mask value but background; 255 is called undecided.

    A pseudo label leaves pixels open. Without a name they would come back as background.

    Raises
    ------
    ValueError
        If a class is called so.
    """
    if UNDECIDED in classes:
        raise ValueError(
            f"the class {UNDECIDED!r} has the name of pixels without a decision: rename the class"
        )
    return {value: name for name, value in classes.items()} | {IGNORE: UNDECIDED}


def regions(mask: np.ndarray, names: dict[int, str]) -> dict[int, np.ndarray]:
    """Return where each named value of a mask [H, W] lies, bool [H, W], by the values in it."""
    present = np.unique(mask).tolist()
    return {value: mask == value for value in names if value in present}
