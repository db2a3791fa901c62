"""This module builds the trainer of a run, piece by piece, as a recipe says."""

from functools import partial
from pathlib import Path
from typing import Any

from lightning_fabric import Fabric
from torch.optim import Optimizer

from getam.data import (
    DrawnViews,
    Source,
    SquareViews,
    TrainLoader,
    Views,
    photo_loader,
    shuffled_loader,
    train_loader,
)
from getam.model import View
from getam.network import (
    Network,
    checkpoint_blocks,
    drop_blocks,
    patch_stride,
    share_batch_norm,
)
from getam.pseudo_label import Labeller
from getam.recipe import Recipe
from getam.training.frozen import LABELS, FeatureCache, keep_labels
from getam.training.label_sources import SourceMaker, source_maker
from getam.training.optimiser import build_optimiser, freeze_backbone, freeze_blocks
from getam.training.preparation import Preparation
from getam.training.run_folder import RunFolder
from getam.training.schedule import Schedule
from getam.training.step import Step
from getam.training.trainer import Trainer


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

    The generators are seeded, and the network is changed in place; see `change_network`. A frozen
    run has fixed ``views``, from `views_of`.

    Raises
    ------
    ValueError
        If several processes cannot share the batch norm of the network.
    """
    # Two processes must not drop the same channels.
    fabric.seed_everything(recipe.seed + fabric.global_rank, verbose=False)
    change_network(network, recipe, processes=fabric.world_size)
    loader = loader_of(source, recipe, fabric=fabric, workers=workers, views=views)
    schedule = schedule_of(recipe, steps=recipe.epochs * len(loader))
    label_source = label_source_of(recipe, labeller, corrected=bool(source.corrected))
    if views is not None:
        label_source = keep_labels(
            label_source,
            views,
            run.path / LABELS,
            batch_size=recipe.batch_size,
            workers=workers,
        )
    step = step_of(network, label_source, recipe)
    whole_photos = partial(
        photo_loader,
        source,
        long_side=recipe.crop,
        multiple=2 * patch_stride(network.backbone),  # half of a side is whole patches, too
        workers=workers,
        device=fabric.device,
    )
    return Trainer(
        step,
        loader,
        optimiser_of(step, recipe),
        schedule,
        fabric=fabric,
        run=run,
        accumulate=recipe.accumulate,
        ema_decay=decay_of(recipe.ema, updates=schedule.steps / recipe.accumulate),
        preparation=Preparation(step, whole_photos),
    )


def change_network(network: Network, recipe: Recipe, *, processes: int = 1) -> None:
    """Freeze what does not learn, and set how the blocks of a network run while it learns."""
    freeze_blocks(network, recipe.frozen_blocks)
    if recipe.frozen:
        freeze_backbone(network)
    if recipe.drop_path:
        drop_blocks(network, recipe.drop_path)
    if recipe.activation_checkpointing:
        checkpoint_blocks(network, recipe.first_block)
    if processes > 1:
        share_batch_norm(network)


def label_source_of(recipe: Recipe, labeller: Labeller, *, corrected: bool = False) -> SourceMaker:
    """Return the function that makes the label source from the network and the parts."""
    return source_maker(
        recipe.label_source, labeller, corrected=corrected, joint_from=recipe.joint_from
    )


def step_of(network: Network, label_source: SourceMaker, recipe: Recipe) -> Step:
    """Return the step of a recipe."""
    return Step(
        network,
        label_source,
        loss_weights_of(recipe),
        begins=recipe.parts_from,
        padding=recipe.padding,
        tag_weight=recipe.tag_weight,
    )


def optimiser_of(step: Step, recipe: Recipe) -> Optimizer:
    """Return the optimiser of a recipe."""
    return build_optimiser(
        step,
        recipe.optimiser,
        learning_rate=recipe.learning_rate,
        head_factor=recipe.head_factor,
        weight_decay=recipe.weight_decay,
    )


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


def loss_weights_of(recipe: Recipe) -> dict[str, float]:
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
