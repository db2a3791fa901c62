"""A score over some of the classes: background and the ones named."""

from collections.abc import Sequence
from difflib import get_close_matches

import torch
from torch import Tensor

from getam.vocabulary import BACKGROUND


def kept_values(only: Sequence[str] | None, names: Sequence[str]) -> list[int]:
    """Mask values of background and the classes in ``only``, rising; of all classes for None.

    Parameters
    ----------
    only
        Class names, with or without background.
    names
        All class names; the index is the mask value.

    Raises
    ------
    ValueError
        For a name that is not a class; the nearest one is named.

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

    Pixels whose truth is another class leave the score. Pixels of a kept class that are predicted
    as another class stay, as misses, in one last column.

    Parameters
    ----------
    counts
        [K, K] over all classes.
    values
        The k mask values to keep, in the order wanted.

    Returns
    -------
    Tensor
        [k, k + 1].

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
