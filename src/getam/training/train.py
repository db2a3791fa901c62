"""This module puts the finished parts together and trains a network."""

import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, cast

import torch
from lightning_fabric import Fabric

from getam.data import Batch, Source, check_photos, check_truth, train_loader
from getam.evaluation import StageScores
from getam.inference import Predictor
from getam.model import Model, View, choose_device, save_model
from getam.network import Network
from getam.pseudo_label import Labeller
from getam.recipe import Facts, Recipe, recipe_for
from getam.training import advice
from getam.training.judge_run import judge_run, score_run
from getam.training.optimiser import build_optimiser, freeze_blocks
from getam.training.pictures import SAMPLES, batch_samples, save_samples
from getam.training.precision import Format, fast_precision
from getam.training.run_folder import RunFolder, recorded_setting
from getam.training.schedule import Schedule
from getam.training.step import Step, StepOutput
from getam.training.trainer import Trainer

logger = logging.getLogger(__name__)

VAL_PHOTOS = "val_photos.txt"  # the photos of a run that were scored and not trained on


@dataclass(frozen=True)
class Trained:
    """A trained run says what it came to.

    Attributes
    ----------
    folder
        The run folder, which holds the model.
    scores
        Scores on the validation photos; None without any.
    warning
        One line if the masks are of no use, with what to do; None otherwise.
    """

    folder: Path
    scores: StageScores | None
    warning: str | None


def train(
    network: Network,
    source: Source,
    out: str | Path,
    *,
    recipe: Recipe | None = None,
    val: Source | None = None,
    device: str = "auto",
    workers: int | None = None,
    strict: bool = False,
    resume: bool = False,
    config: Mapping[str, Any] | None = None,
) -> Trained:
    """Train on photos with image-level labels; no pixel label is ever read for it.

    The run folder receives ``config.yaml``, ``env.json``, ``metrics.jsonl``, ``checkpoint.pt``
    after every epoch, pictures of samples, TensorBoard logs and, at the end, the model
    (``model.safetensors``, ``model.json``) that :class:`getam.Predictor` loads, and
    ``quality.json``, which tells the photos with suspicious tags or masks.

    Parameters
    ----------
    network
        From :func:`getam.network.build_network`, with as many classes as the source.
    source
        Photos and labels, from :func:`getam.data.open_source`.
    out
        Folder of the run; must be new or empty, unless ``resume``.
    recipe
        How to train; None takes the default preset for this backbone and these photos.
    val
        A second split. If it has masks, every stage is scored on it at the end; its tags are
        scored in any case.
    device
        "auto", "cpu" or "cuda".
    workers
        Number of processes that read photos.
    strict
        Stop at an unreadable photo; otherwise it is left out with a warning.
    resume
        Go on with the run in ``out``.
    config
        What to write to ``config.yaml`` beside the recipe, e.g. the paths of the data.

    Raises
    ------
    FileExistsError, FileNotFoundError, ValueError
        For an output folder in use, missing data or settings that do not fit.
    FloatingPointError
        If a loss is not finite.
    Stopped
        After Ctrl-C or SIGTERM, with everything saved.
    """
    out = Path(out)
    source = check_photos(source.for_training(), strict=strict)
    val = None if val is None else check_val(val, strict=strict)
    check_fit(network, source, val)
    recipe = recipe or recipe_for(facts_of(network, source))
    recipe = with_precision(recipe, network, device, recorded=out if resume else None)
    labeller, view = build_labeller(recipe), view_of(recipe)
    check_saliency(recipe, labeller, source)
    run = RunFolder(out, {**(config or {}), **asdict(recipe)}, resume=resume)
    fabric = Fabric(accelerator=device, devices=1, precision=cast(Format, recipe.precision))
    fabric.launch()
    trainer = build_trainer(
        network, source, labeller, recipe=recipe, fabric=fabric, run=run, workers=workers
    )
    for line in advice.before(source, steps=trainer.schedule.steps):
        logger.warning(line)

    def draw(epoch: int, batch: Batch, output: StepOutput) -> None:
        samples = batch_samples(batch, output, names=list(source.classes))
        save_samples(samples, source, out / SAMPLES / f"epoch{epoch:03d}.jpg")

    run.begin()  # only now: settings that cannot be built must not use the folder up
    if val is not None:
        run.write_list(VAL_PHOTOS, [str(record.image) for record in val.records])
    trainer.fit(resume=resume, on_epoch_end=draw)
    model = Model(trainer.trained_network.eval(), source.classes, view, labeller, recipe.tag_weight)
    save_model(model, out)
    scores, signs = (None, []) if val is None else score_run(model, val, out, workers=workers)
    judge_run(model, source, out, held_out=signs, workers=workers)
    return Trained(out, scores, advice.after(Predictor(model), source))


def check_val(val: Source, *, strict: bool) -> Source:
    """Return the validation photos that can be read, after their masks were checked."""
    val = check_photos(val, strict=strict)
    check_truth(val)
    return val


def check_fit(network: Network, source: Source, val: Source | None) -> None:
    """Raise a ValueError if the network has other classes; say that masks are only scored."""
    if network.num_classes != len(source.classes):
        raise ValueError(
            f"network must have the {len(source.classes)} classes of {source.name}, "
            f"got {network.num_classes}"
        )
    if source.has_truth or (val is not None and val.has_truth):
        logger.info("masks were found: they are only scored, training never reads one")


def facts_of(network: Network, source: Source) -> Facts:
    """Return what a preset needs to know of a backbone and of photos."""
    return Facts(
        depth=len(network.backbone.blocks),
        width=network.backbone.embed_dim,
        photos=len(source),
        has_saliency=has_saliency(source),
    )


def has_saliency(source: Source) -> bool:
    """Say whether every photo has a saliency map."""
    return all(record.saliency for record in source.records)


def with_precision(
    recipe: Recipe, network: Network, device: str, *, recorded: Path | None
) -> Recipe:
    """Return the recipe with the number format that is fast here, or that a resumed run has."""
    if recipe.precision != "auto":
        return recipe
    if recorded is not None:
        return replace(recipe, precision=recorded_setting(recorded, "precision"))
    chosen = choose_device(device)
    block, width = network.backbone.blocks[0], network.backbone.embed_dim
    precision = fast_precision(block, chosen, width=width)
    threads = f", {torch.get_num_threads()} threads" if chosen.type == "cpu" else ""
    logger.info("number format %s, which is fast here (%s%s)", precision, chosen, threads)
    return replace(recipe, precision=precision)


def check_saliency(recipe: Recipe, labeller: Labeller, source: Source) -> None:
    """Raise a ValueError if the recipe asks for saliency maps that are not there."""
    if recipe.saliency_weight and not has_saliency(source):
        raise ValueError(
            "saliency_weight needs saliency maps: give saliency=DIR, or set saliency_weight=0 and "
            "rule=thresholds"
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
    """Return what each part of the loss counts."""
    saliency = "saliency" if recipe.saliency_target == "paper" else "saliency_released"
    return {
        "classification": recipe.classification_weight,
        "segmentation": recipe.segmentation_weight,
        saliency: recipe.saliency_weight,
        "energy": recipe.energy_weight,
    }


def schedule_of(recipe: Recipe, *, steps: int) -> Schedule:
    """Return the schedule of a recipe, whose shares become steps."""
    return Schedule(
        steps,
        joint_from=round(recipe.joint_from * steps),
        warmup=round(recipe.warmup * steps),
        joint_factor=recipe.joint_factor,
    )


def decay_of(ema: float, *, steps: int) -> float:
    """Return the decay per step of averaged weights that reach back over a share of the steps.

    Examples
    --------
    >>> decay_of(0.1, steps=1000), decay_of(0.0, steps=1000)
    (0.99, 0.0)
    """
    return 1 - 1 / max(1.0, ema * steps)


def build_trainer(
    network: Network,
    source: Source,
    labeller: Labeller,
    *,
    recipe: Recipe,
    fabric: Fabric,
    run: RunFolder,
    workers: int | None,
) -> Trainer:
    """Put loader, optimiser and schedule of a recipe around a network."""
    fabric.seed_everything(recipe.seed, verbose=False)
    freeze_blocks(network, recipe.frozen_blocks)
    loader = train_loader(
        source,
        crop=recipe.crop,
        batch_size=recipe.batch_size,
        seed=recipe.seed,
        workers=workers,
        scale=recipe.scale,
        flip=recipe.flip,
        jitter=recipe.jitter,
        balance=recipe.balance,
        rank=fabric.global_rank,
        world_size=fabric.world_size,
    )
    schedule = schedule_of(recipe, steps=recipe.epochs * len(loader))
    optimiser = build_optimiser(
        network,
        recipe.optimiser,
        learning_rate=recipe.learning_rate,
        head_factor=recipe.head_factor,
        weight_decay=recipe.weight_decay,
    )
    step = Step(
        network,
        labeller,
        weights_of(recipe),
        padding=recipe.padding,
        tag_weight=recipe.tag_weight,
    )
    return Trainer(
        step,
        loader,
        optimiser,
        schedule,
        fabric=fabric,
        run=run,
        accumulate=recipe.accumulate,
        ema=decay_of(recipe.ema, steps=schedule.steps),
    )
