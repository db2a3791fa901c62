"""The option ``--saliency`` takes a folder of maps or the name of a provider that makes them."""

import atexit
import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from time import perf_counter
from typing import TYPE_CHECKING, Any

from getam.this_process import is_first

if TYPE_CHECKING:
    from getam.data import Source
    from getam.model import Model
    from getam.network import Network
    from getam.outputs import OutputFolder

logger = logging.getLogger(__name__)

TIMED = 3  # so many maps are made to see how long one takes


def folder_or_name(given: str | Path | None) -> str | Path | None:
    """Return a folder of maps as a path, and the name of a provider as a text.

    ``auto`` is a name, and ``./auto`` is a folder, which becomes an absolute path: it stays
    different where a run records it.
    """
    if given is None or isinstance(given, Path):
        return given
    from getam.saliency import is_provider_name

    if not is_provider_name(given):
        path = Path(given)
        return path.absolute() if is_provider_name(str(path)) else path
    if Path(given).is_dir():
        logger.warning("saliency: %s makes maps; the folder of this name is ./%s", given, given)
    return given


def folder_of(given: str | Path | None) -> Path | None:
    """Return the folder that was given, and None for the name of a provider."""
    return given if isinstance(given, Path) else None


def with_named(source: "Source", settings: Mapping[str, Any], *, model: "Model") -> "Source":
    """Return the photos of a trained model with the maps that ``saliency`` names, if it is a name.

    Parameters
    ----------
    source
        Photos that can be read.
    settings
        Those of the verb: ``saliency``, and ``model`` or ``run``.
    model
        The trained model. If it records which backbone it began with, that one is used, so that a
        photo has the map that the training saw.
    """
    name = settings.get("saliency")
    if not isinstance(name, str):
        return source
    from getam.saliency import make_provider, with_made_saliency

    run: Path = settings["model"] if "model" in settings else settings["run"]
    provider = make_provider(name, lambda: first_network(run, model))
    return with_made_saliency(source, provider, run if can_write(run) else folder_of_process(run))


def with_named_to_do(
    source: "Source", folder: "OutputFolder", settings: Mapping[str, Any], *, model: "Model"
) -> "Source":
    """Return the photos with the maps that ``saliency`` names, where files are still to be made.

    A photo that cannot be read stays without a map. It fails later, when its turn comes.

    Parameters
    ----------
    source
        All photos.
    folder
        The output folder, which knows what is done and which photos belong to other shards.
    settings, model
        They are the same as in :func:`with_named`.
    """
    if not isinstance(settings.get("saliency"), str):
        return source
    from getam.data import readable
    from getam.inference import not_done

    todo = readable(not_done(source, folder))
    made = {record.id: record for record in with_named(todo, settings, model=model).records}
    return replace(source, records=tuple(made.get(r.id, r) for r in source.records))


def can_write(folder: Path) -> bool:
    """Return whether files can be made in a folder; a drive that is read only says no."""
    return os.access(folder, os.W_OK)


def folder_of_process(run: Path) -> Path:
    """Return a folder for maps that goes when the process ends, and say why."""
    logger.info("saliency: nothing can be written to %s, so the maps are made anew each time", run)
    folder = mkdtemp(prefix="getam-")
    atexit.register(rmtree, folder, ignore_errors=True)
    return Path(folder)


def first_network(run: Path, model: "Model") -> "Network":
    """Return a network whose backbone is the one that a run began with, else the model's own."""
    from getam.network import build_network
    from getam.training.run_folder import CONFIG, recorded_settings

    recorded = recorded_settings(run) if (run / CONFIG).is_file() else {}
    weights = recorded.get("weights")
    if not weights and not recorded.get("pretrained"):  # converted, or begun with random weights
        return model.network
    return build_network(recorded["backbone"], 1, weights=weights)


def make_for_training(
    parts: "tuple[Source, Source | None]",
    settings: Mapping[str, Any],
    *,
    network: "Callable[[], Network]",
    resume: bool,
) -> "tuple[Source, Source | None]":
    """Make the maps of the photos to train on and to score, and record where they come from.

    Returns
    -------
    tuple
        Both parts without unreadable photos.

    Raises
    ------
    FileExistsError, FileNotFoundError, ValueError
        If the folder cannot be that of the run; nothing is written then.
    """
    from getam.data import without_unreadable
    from getam.saliency import make_provider, record_origin, with_made_saliency
    from getam.training.run_folder import RunFolder
    from getam.training.train_photos import check_same_photos

    out, (source, val) = settings["out"], parts
    RunFolder(out, {}, resume=resume)  # fails before anything is written
    provider = make_provider(settings["saliency"], network)
    warn_of_masks(provider.about.trained_with_masks, provider.about.provider)
    source = without_unreadable(source, strict=settings["strict"])
    if resume:
        check_same_photos(out, source)
    source = with_made_saliency(source, provider, out)
    if val is not None:
        val = with_made_saliency(without_unreadable(val, strict=settings["strict"]), provider, out)
    if is_first():
        record_origin(out, provider.about)
    return source, val


def stand_in(
    parts: "tuple[Source, Source | None]",
    settings: Mapping[str, Any],
    *,
    network: "Callable[[], Network]",
    folder: Path,
) -> "tuple[Source, Source | None]":
    """Make a few maps, print how long all would take, and give every photo the first of them.

    A dry run times steps, for which the content of a map does not matter.
    """
    from getam.data import without_unreadable
    from getam.saliency import make_provider, with_made_saliency

    source, val = parts
    readable = without_unreadable(source, strict=settings["strict"])
    provider = make_provider(settings["saliency"], network)
    began = perf_counter()
    few = with_made_saliency(replace(readable, records=readable.records[:TIMED]), provider, folder)
    seconds = (perf_counter() - began) / len(few)
    photos = len(readable) + len(val or ())
    if is_first():
        print(f"saliency maps by {provider.about.provider}: {photos} photos of {seconds:.2f} s")
    return with_one_map(readable, few), None if val is None else with_one_map(val, few)


def with_one_map(source: "Source", made: "Source") -> "Source":
    """Return a source all of whose records have the first map of another one."""
    file = made.records[0].saliency
    return replace(source, records=tuple(replace(r, saliency=file) for r in source.records))


def warn_of_masks(trained_with_masks: bool, name: str) -> None:
    """Warn that results no longer rest on image-level labels alone, if that is so."""
    if trained_with_masks:
        logger.warning(
            "saliency: the network of %s was trained with masks, so this run rests on more than "
            "tags; say so where you compare it",
            name,
        )
