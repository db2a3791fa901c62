"""Some settings need the backbone at every step, so they cannot be combined with ``--frozen``."""

from pathlib import Path

from getam.elsewhere import Elsewhere, located
from getam.network import Network
from getam.recipe import Recipe
from getam.training.parts import PARTS


def check_frozen(recipe: Recipe, network: Network, *, processes: int) -> None:
    """Raise a ValueError of one line if a frozen run cannot have a setting.

    Parameters
    ----------
    recipe
        Every setting, ``frozen`` among them.
    network
        The network to train.
    processes
        Number of processes that train.
    """
    if processes > 1:
        raise ValueError(
            f"devices: a frozen run needs one process, got {processes}: its steps take so little "
            "time that more would not help"
        )
    for name in (name for name, weight in recipe.parts.items() if weight):
        if reads := PARTS[name].reads:
            raise ValueError(
                f"frozen: the part {name} of the loss reads {' and '.join(sorted(reads))} at every "
                "step, for which the backbone would have to run: leave out the part, or --frozen"
            )
    if recipe.saliency_weight and recipe.saliency_target == "released":
        raise ValueError(
            "frozen: saliency_target released reads activation maps at every step: choose "
            "saliency_target paper"
        )
    if network.architecture.class_tokens:
        raise ValueError(
            "frozen: tokens of classes are parts of the backbone, which would never learn them: "
            "leave out class_tokens, or --frozen"
        )


def check_cache(cache: Path | None, *, frozen: bool) -> None:
    """Raise a ValueError of one line if a folder of features is named and cannot be used."""
    if cache is None:
        return
    if not frozen:
        raise ValueError("cache: only a frozen backbone has features to keep: add --frozen")
    if isinstance(located(cache), Elsewhere):
        raise ValueError(
            f"cache: {cache} lies elsewhere, and features are read from a disk of this machine: "
            "name a folder on one"
        )
