"""This module knows what classes are called, and which class a user means."""

from collections import Counter
from collections.abc import Sequence
from difflib import get_close_matches

from timm.data import ImageNetInfo, infer_imagenet_subset
from torch import nn


def timm_class_names(model: nn.Module) -> list[str]:
    """Return the names of a timm model's classes: ImageNet's if they are its own, or "class 7".

    ImageNet's synonyms ("tench, Tinca tinca") are kept, parted by ", ".
    """
    subset = infer_imagenet_subset(model)
    count = int(getattr(model, "num_classes", 0))
    if subset is None:
        return [f"class {index}" for index in range(count)]
    info = ImageNetInfo(subset)
    return [info.index_to_description(index) for index in range(count)]


def short_names(names: Sequence[str]) -> list[str]:
    """Return the first synonym of each name, with the index if two classes share it.

    Examples
    --------
    >>> short_names(["tench, Tinca tinca", "crane", "crane"])
    ['tench', 'crane (1)', 'crane (2)']
    """
    first = [name.split(", ")[0] for name in names]
    often = Counter(first)
    return [f"{name} ({index})" if often[name] > 1 else name for index, name in enumerate(first)]


def class_indices(wanted: Sequence[str], names: Sequence[str]) -> list[int]:
    """Return the indices of classes given by name, by any synonym, or by index.

    Parameters
    ----------
    wanted
        Names, capitals or not, or numbers.
    names
        The names of all classes. A comma and a space part synonyms.

    Raises
    ------
    ValueError
        For a name that is unknown (the nearest one is given) or of several classes, or an index
        out of range.

    Examples
    --------
    >>> class_indices(["Tinca tinca", "1"], ["tench, Tinca tinca", "goldfish"])
    [0, 1]
    """
    by_name: dict[str, list[int]] = {}
    for index, name in enumerate(names):
        for synonym in {name, *name.split(", ")}:
            by_name.setdefault(synonym.lower(), []).append(index)
    return [_index(word, by_name, count=len(names)) for word in wanted]


def _index(word: str, by_name: dict[str, list[int]], *, count: int) -> int:
    found = by_name.get(word.lower(), [])
    if not found and word.isdecimal() and int(word) < count:
        return int(word)
    if len(found) > 1:
        raise ValueError(f"classes: {word!r} names the classes {found}: give one of the numbers")
    if not found:
        near = get_close_matches(word.lower(), by_name, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"give a name or 0..{count - 1}"
        raise ValueError(f"classes: there is no class {word!r}; {hint}")
    return found[0]
