"""This module checks that everything that a run needs fits together, and has it built."""

import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from math import prod
from pathlib import Path
from typing import Any, cast

import torch

from getam.data import Source, check_truth, without_unreadable
from getam.device import choose_device
from getam.model import Model, View
from getam.network import Network
from getam.pseudo_label import Labeller
from getam.ranks import from_first, gather, is_first, world_size
from getam.recipe import Facts, Recipe, recipe_for
from getam.training import advice
from getam.training.build import build_labeller, build_trainer, view_of, views_of
from getam.training.corrected_photos import check_same_corrected, corrected_photos
from getam.training.frozen import FEATURES, FeatureCache, check_cache, check_frozen
from getam.training.mark import mark_of
from getam.training.precision import Format, fast_precision
from getam.training.processes import launch, processes_here
from getam.training.run_folder import RunFolder, check_listable, recorded_settings
from getam.training.train_photos import check_same_photos, tags_of
from getam.training.trainer import Trainer

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Prepared:
    """A prepared run is ready to begin: everything was checked, and no step was made yet.

    Attributes
    ----------
    trainer
        The trainer of the run. Its run folder was checked, and nothing was written yet.
    source, val
        The photos that can be read, to train on and to score.
    recipe
        Every setting.
    labeller, view
        How the trained model makes pseudo labels, and how it looks at photos.
    advice
        A line for everything that may spoil the run.
    corrected
        The corrected masks that the run learns from; see `corrected_photos`.
    cache
        Where the features of a frozen backbone are kept; None if it runs at every step.
    """

    trainer: Trainer
    source: Source
    val: Source | None
    recipe: Recipe
    labeller: Labeller
    view: View
    advice: tuple[str, ...]
    corrected: Mapping[str, Mapping[str, str]]
    cache: FeatureCache | None = None

    def fill_cache(self, *, workers: int | None) -> None:
        """Compute the features that are missing with the weights that the network has now."""
        if self.cache is not None:
            fabric, network = self.trainer.fabric, self.trainer.network.eval()
            self.cache.fill(
                network,
                precision=self.recipe.precision,
                autocast=fabric.autocast(),
                workers=workers,
            )

    def model(self) -> Model:
        """Return the model with the weights that it has now."""
        return Model(
            self.trainer.trained_network.eval(),
            self.source.classes,
            self.view,
            self.labeller,
            self.recipe.tag_weight,
        )


def prepare(
    network: Network,
    source: Source,
    out: Path,
    *,
    recipe: Recipe | None,
    val: Source | None,
    device: str,
    devices: int,
    workers: int | None,
    strict: bool,
    resume: bool,
    config: Mapping[str, Any] | None,
    cache: Path | None = None,
) -> Prepared:
    """Check everything that a run needs and put it together. Nothing is written.

    What can be checked alone comes first. So a mistake stops the command before it starts other
    processes, and every process finds the run folder untouched.

    The parameters and the errors are those of :func:`getam.train`.
    """
    source = without_unreadable(source.for_training(), strict=strict)
    val = None if val is None else check_val(val, strict=strict)
    check_fit(network, source)
    recipe = recipe or recipe_for(facts_of(network, source))
    if recipe.precision == "auto" and resume:
        recipe = replace(recipe, precision=recorded_settings(out)["precision"])
    labeller, view = build_labeller(recipe), view_of(recipe)
    check_saliency(recipe, labeller, source)
    if val is not None:  # its pseudo labels are scored at the end
        labeller.check(has_saliency=has_saliency(val))
    run = RunFolder(out, {**(config or {}), **asdict(recipe)}, resume=resume)
    corrected = corrected_photos(source)
    if resume:
        check_same_photos(out, source)
        check_same_corrected(out, corrected)
    processes = prod(processes_here(device, devices))
    check_shared_evenly(recipe, processes=processes)
    check_cache(cache, frozen=recipe.frozen, run=out)
    if recipe.frozen:
        check_frozen(recipe, network, processes=processes)
    launch(device, devices)  # the processes must meet before they compare what they found
    check_same_everywhere(source, recipe, corrected)
    recipe = with_precision(recipe, network, device)
    run.config["precision"] = recipe.precision  # the folder was checked before it was known
    fabric = launch(device, devices, precision=cast(Format, recipe.precision))
    views = views_of(source, recipe, cache or out / FEATURES)
    trainer = build_trainer(
        network,
        source,
        labeller,
        recipe=recipe,
        fabric=fabric,
        run=run,
        workers=workers,
        views=views,
    )
    steps, joint_from = trainer.schedule.steps, trainer.schedule.joint_from
    lines = tuple(advice.before(source, val, steps=steps, joint=steps - joint_from))
    kept = views if isinstance(views, FeatureCache) else None
    return Prepared(trainer, source, val, recipe, labeller, view, lines, corrected, kept)


def check_val(val: Source, *, strict: bool) -> Source:
    """Return the validation photos that can be read, after their masks were checked."""
    check_listable([record.image for record in val.records])
    val = without_unreadable(val, strict=strict)
    check_truth(val)
    return val


def check_fit(network: Network, source: Source) -> None:
    """Raise a ValueError if the network has other classes than the photos."""
    if network.num_classes != len(source.classes):
        raise ValueError(
            f"network must have the {len(source.classes)} classes of {source.name}, "
            f"got {network.num_classes}"
        )


def facts_of(network: Network, source: Source) -> Facts:
    """Return the facts about backbone and photos that a preset depends on."""
    return Facts(
        depth=len(network.backbone.blocks),
        width=network.backbone.embed_dim,
        photos=len(source),
        has_saliency=has_saliency(source),
    )


def has_saliency(source: Source) -> bool:
    """Return whether every photo has a saliency map."""
    return all(record.saliency for record in source.records)


def with_precision(recipe: Recipe, network: Network, device: str) -> Recipe:
    """Return the recipe with the number format that is fast here, which the first process finds."""
    if recipe.precision != "auto":
        return recipe
    chosen = choose_device(device)
    block, width = network.backbone.blocks[0], network.backbone.embed_dim
    measured = fast_precision(block, chosen, width=width) if is_first() else None
    precision = from_first(measured)
    assert precision is not None
    threads = f", {torch.get_num_threads()} threads" if chosen.type == "cpu" else ""
    logger.info("number format %s, which is fast here (%s%s)", precision, chosen, threads)
    return replace(recipe, precision=precision)


def check_shared_evenly(recipe: Recipe, *, processes: int) -> None:
    """Raise a ValueError if the photos of a step cannot be shared evenly by the processes."""
    if recipe.batch_size % processes:
        raise ValueError(
            f"batch_size: {recipe.batch_size} photos of a step cannot be shared evenly by "
            f"{processes} processes: choose a multiple of {processes}"
        )


def check_same_everywhere(
    source: Source, recipe: Recipe, corrected: Mapping[str, Mapping[str, str]]
) -> None:
    """Raise a ValueError if another process has other photos, tags, settings or corrected masks.

    Parameters
    ----------
    source
        The photos to train on.
    recipe
        Every setting.
    corrected
        The corrected masks; see `corrected_photos`. They are compared by what they hold.
    """
    if world_size() == 1:
        return
    shared = "every machine needs the same data set, for example on a shared drive"
    if number := _first_other(mark_of(tags_of(source))):
        raise ValueError(
            f"data: process {number} finds other photos or tags than process 0: {shared}"
        )
    if number := _first_other(mark_of({n: e["sha256"] for n, e in corrected.items()})):
        raise ValueError(
            f"corrected: process {number} finds other corrected masks than process 0: {shared}"
        )
    for name, value in asdict(recipe).items():
        if number := _first_other(value):
            raise ValueError(
                f"{name}: process {number} has another value than process 0: give the same "
                "command on every machine"
            )


def _first_other(value: object) -> int:
    """Return the first process that gives another value than process 0 does; 0 if none does."""
    given = gather(value)
    return next((number for number, other in enumerate(given) if other != given[0]), 0)


def check_saliency(recipe: Recipe, labeller: Labeller, source: Source) -> None:
    """Raise a ValueError if the recipe asks for saliency maps that are not there."""
    if recipe.saliency_weight and not has_saliency(source):
        raise ValueError(
            "saliency_weight needs saliency maps: give them (--saliency DIR), or train without "
            "(--saliency-weight 0 --rule thresholds)"
        )
    labeller.check(has_saliency=has_saliency(source))
