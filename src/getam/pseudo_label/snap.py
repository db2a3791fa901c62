"""This module snaps pseudo labels to the outlines of mask proposals.

The masks know outlines and no classes, and the labels know classes and blurred outlines. A vote
joins both, as in "An Alternative to WSSS? An Empirical Study of SAM" (Sun et al., arXiv 2305.01586)
and FMA-WSSS (Yang and Gong, arXiv 2312.03585).
"""

import numpy as np

from getam.vocabulary import IGNORE


def snap(label: np.ndarray, masks: np.ndarray) -> np.ndarray:
    """Give every mask the label that more than half of its pixels have.

    Undecided pixels (255) have no vote, so a mask without such a majority stays as it is, and so do
    pixels in no mask. All votes count the given label. Where masks overlap, the smallest one with a
    majority decides: a mask of the whole scene then takes nothing from the objects in it.

    Parameters
    ----------
    label
        uint8 [H, W]: 0 background, classes, 255 undecided.
    masks
        bool [M, H, W].

    Returns
    -------
    numpy.ndarray
        uint8 [H, W].

    Examples
    --------
    >>> label = np.array([[1, 1, 0, 255]], dtype=np.uint8)
    >>> snap(label, np.array([[[True, True, True, False]]]))
    array([[  1,   1,   1, 255]], dtype=uint8)
    """
    snapped = label.copy()
    areas = masks.sum((1, 2))
    for index in np.argsort(-areas, kind="stable"):
        votes = np.bincount(label[masks[index]], minlength=IGNORE + 1)[:IGNORE]
        winner = int(votes.argmax())
        if 2 * votes[winner] > areas[index]:
            snapped[masks[index]] = winner
    return snapped
