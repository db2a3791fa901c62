"""This module puts the finished parts of a run together and checks that they fit."""

import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import partial
from math import prod
from pathlib import Path
from typing import Any, cast

import torch
from lightning_fabric import Fabric

from getam.data import (
    DrawnViews,
    Source,
    SquareViews,
    TrainLoader,
    Views,
    check_photos,
    check_truth,
    photo_loader,
    shuffled_loader,
    train_loader,
)
from getam.device import choose_device
from getam.model import Model, View
from getam.network import (
    Network,
    checkpoint_blocks,
    drop_blocks,
    patch_stride,
    share_batch_norm,
)
from getam.pseudo_label import Labeller
from getam.ranks import from_first, gather, is_first, world_size
from getam.recipe import Facts, Recipe, recipe_for
from getam.training import advice
from getam.training.corrected_photos import check_same_corrected, corrected_photos
from getam.training.frozen import (
    FEATURES,
    LABELS,
    FeatureCache,
    check_cache,
    check_frozen,
    keep_labels,
)
from getam.training.label_sources import make_source
from getam.training.mark import mark_of
from getam.training.optimiser import build_optimiser, freeze_backbone, freeze_blocks
from getam.training.precision import Format, fast_precision
from getam.training.preparation import Preparation
from getam.training.processes import launch, processes_here
from getam.training.run_folder import RunFolder, check_listable, recorded_settings
from getam.training.schedule import Schedule
from getam.training.step import Step
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

    What can be checked alone comes first: then no other process is started for a mistake, and none
    has written yet when another one looks at the run folder.

    The parameters and the errors are those of :func:`getam.train`.
    """
    source = check_photos(source.for_training(), strict=strict)
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
    check_cache(cache, frozen=recipe.frozen)
    if recipe.frozen:
        check_frozen(recipe, network, processes=processes)
    launch(device, devices)
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
    val = check_photos(val, strict=strict)
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


def build_labeller(recipe: Recipe) -> Labeller:
    """Return the labeller of a recipe."""
    return Labeller(
        method=recipe.method,
        first_block=recipe.first_block,
        affinity=recipe.affinity,
        iterations=recipe.iterations,
        scale=recipe.refine_scale,
        rule=recipe.rule,
        settings=recipe.rule_settings,
    )


def view_of(recipe: Recipe) -> View:
    """Return the view by which the trained model predicts."""
    return View(
        recipe.long_side,
        scales=recipe.test_scales,
        resize=recipe.test_resize,
        flip=recipe.test_flip,
        crf=recipe.test_crf,
    )


def weights_of(recipe: Recipe) -> dict[str, float]:
    """Return the weight of each part of the loss."""
    saliency = "saliency" if recipe.saliency_target == "paper" else "saliency_released"
    return {
        "classification": recipe.classification_weight,
        "segmentation": recipe.segmentation_weight,
        saliency: recipe.saliency_weight,
        "energy": recipe.energy_weight,
        **recipe.parts,
    }


def schedule_of(recipe: Recipe, *, steps: int) -> Schedule:
    """Return the schedule of a recipe, in which shares of the run are turned into steps."""
    return Schedule(
        steps,
        joint_from=round(recipe.joint_from * steps),
        warmup=round(recipe.warmup * steps),
        joint_factor=recipe.joint_factor,
    )


def decay_of(ema: float, *, updates: float) -> float:
    """Return the decay, per update, of weights that are averaged over a share ``ema`` of the run.

    Examples
    --------
    >>> decay_of(0.1, updates=1000), decay_of(0.0, updates=1000)
    (0.99, 0.0)
    """
    return 1 - 1 / max(1.0, ema * updates)


def views_of(source: Source, recipe: Recipe, cache: Path) -> Views | None:
    """Return the fixed views of a frozen run, with their features if they are kept."""
    if not recipe.frozen:
        return None
    if recipe.feature_cache == "none":
        return SquareViews(source, recipe.crop)
    return FeatureCache(
        cache,
        source,
        side=recipe.crop,
        number_format=recipe.feature_cache,
        mirrored=recipe.flip > 0,
    )


def loader_of(
    source: Source,
    recipe: Recipe,
    *,
    fabric: Fabric,
    workers: int | None,
    views: Views | None = None,
) -> TrainLoader:
    """Make the loader that yields the part of this process of every batch."""
    drawing: dict[str, Any] = {
        "batch_size": recipe.batch_size // fabric.world_size,
        "seed": recipe.seed,
        "workers": workers,
        "balance": recipe.balance,
        "corrected_factor": recipe.corrected_factor,
        "rank": fabric.global_rank,
        "world_size": fabric.world_size,
        "device": fabric.device,
    }
    if views is not None:
        drawn = DrawnViews(views, flip=recipe.flip, seed=recipe.seed)
        return shuffled_loader(drawn, source, **drawing)
    return train_loader(
        source,
        crop=recipe.crop,
        scale=recipe.scale,
        flip=recipe.flip,
        jitter=recipe.jitter,
        **drawing,
    )


def build_trainer(
    network: Network,
    source: Source,
    labeller: Labeller,
    *,
    recipe: Recipe,
    fabric: Fabric,
    run: RunFolder,
    workers: int | None,
    views: Views | None = None,
) -> Trainer:
    """Put loader, optimiser and schedule of a recipe around a network.

    A frozen run has fixed ``views``.

    Raises
    ------
    ValueError
        If several processes cannot share the batch norm of the network.
    """
    # Two processes must not drop the same channels.
    fabric.seed_everything(recipe.seed + fabric.global_rank, verbose=False)
    freeze_blocks(network, recipe.frozen_blocks)
    if recipe.frozen:
        freeze_backbone(network)
    if recipe.drop_path:
        drop_blocks(network, recipe.drop_path)
    if recipe.activation_checkpointing:
        checkpoint_blocks(network, recipe.first_block)
    if fabric.world_size > 1:
        share_batch_norm(network)
    loader = loader_of(source, recipe, fabric=fabric, workers=workers, views=views)
    schedule = schedule_of(recipe, steps=recipe.epochs * len(loader))
    label_source = make_source(
        recipe.label_source,
        labeller,
        corrected=bool(source.corrected),
        joint_from=recipe.joint_from,
    )
    if views is not None:
        label_source = keep_labels(
            label_source,
            views,
            run.path / LABELS,
            batch_size=recipe.batch_size,
            workers=workers,
        )
    step = Step(
        network,
        label_source,
        weights_of(recipe),
        begins=recipe.parts_from,
        padding=recipe.padding,
        tag_weight=recipe.tag_weight,
    )
    whole_photos = partial(
        photo_loader,
        source,
        long_side=recipe.crop,
        multiple=2 * patch_stride(network.backbone),  # half of a side is whole patches, too
        workers=workers,
        device=fabric.device,
    )
    optimiser = build_optimiser(
        step,
        recipe.optimiser,
        learning_rate=recipe.learning_rate,
        head_factor=recipe.head_factor,
        weight_decay=recipe.weight_decay,
    )
    return Trainer(
        step,
        loader,
        optimiser,
        schedule,
        fabric=fabric,
        run=run,
        accumulate=recipe.accumulate,
        ema=decay_of(recipe.ema, updates=schedule.steps / recipe.accumulate),
        preparation=Preparation(step, whole_photos),
    )
