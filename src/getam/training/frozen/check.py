"""This module refuses settings that a frozen run cannot have, and folders that hold no cache."""

from pathlib import Path

from getam.elsewhere import Elsewhere, located
from getam.network import Network
from getam.recipe import Recipe
from getam.training.frozen.cache import FEATURES
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


def check_cache(cache: Path | None, *, frozen: bool, run: Path) -> None:
    """Raise a ValueError of one line if a folder of features is named and cannot be used.

    Parameters
    ----------
    cache
        The folder of the features; None if none is named.
    frozen
        Whether the backbone is frozen.
    run
        The run folder, in which no other folder of features may lie than its own.
    """
    if cache is None:
        return
    if not frozen:
        raise ValueError("cache: only a frozen backbone has features to keep: add --frozen")
    if isinstance(located(cache), Elsewhere):
        raise ValueError(
            f"cache: {cache} lies elsewhere, and features are read from a disk of this machine: "
            "name a folder on one"
        )
    place = cache.resolve()
    within_run = place.is_relative_to(run.resolve()) and place != (run / FEATURES).resolve()
    there = next(path for path in (place, *place.parents) if path.exists())
    faults = {
        "lies in the run folder": within_run,
        "is a link to nothing": cache.is_symlink() and not cache.exists(),
        f"cannot be made, because {there} is no folder": not there.is_dir(),
    }
    for fault, found in faults.items():
        if found:
            raise ValueError(f"cache: {cache} {fault}: name another folder with --cache")
