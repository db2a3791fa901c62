"""This module restricts a score to background and some of the classes."""

from collections.abc import Sequence
from difflib import get_close_matches

import torch
from torch import Tensor

from getam.vocabulary import BACKGROUND


def kept_values(only: Sequence[str] | None, names: Sequence[str]) -> list[int]:
    """Return the mask values of background and the classes in ``only``, in rising order.

    Parameters
    ----------
    only
        Class names, with or without background. None takes all classes.
    names
        All class names. The index of a name is its mask value.

    Raises
    ------
    ValueError
        If a name is not a class. The message gives the nearest class.

    Examples
    --------
    >>> kept_values(["dog"], ["background", "cat", "dog"])
    [0, 2]
    """
    if only is None:
        return list(range(len(names)))
    for name in only:
        if name not in names:
            near = get_close_matches(name, names, n=1)
            hint = f"did you mean '{near[0]}'?" if near else f"the classes are {', '.join(names)}"
            raise ValueError(f"only: '{name}' is not one of the classes; {hint}")
    return sorted({BACKGROUND, *(list(names).index(name) for name in only)})


def keep_classes(counts: Tensor, values: Sequence[int]) -> Tensor:
    """Restrict a confusion matrix to some classes.

    Pixels whose true class is not kept leave the score. Pixels of a kept class that are predicted
    as another class stay as misses, in one last column.

    Parameters
    ----------
    counts
        [K, K], the confusion matrix over all classes.
    values
        The k mask values to keep, in the wanted order.

    Returns
    -------
    Tensor
        [k, k + 1], the restricted matrix.

    Examples
    --------
    >>> keep_classes(torch.tensor([[5, 1, 2], [0, 4, 3], [1, 1, 9]]), [0, 1])
    tensor([[5, 1, 2],
            [0, 4, 3]])
    """
    rows = counts[list(values)]
    kept = rows[:, list(values)]
    others = rows.sum(dim=1) - kept.sum(dim=1)
    return torch.cat([kept, others[:, None]], dim=1)
