"""Train a network from photos with image-level labels: the finished parts put together."""

import logging
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from lightning_fabric import Fabric

from getam.data import Batch, Source, check_photos, train_loader
from getam.evaluation import StageScores
from getam.inference import LabelledPhoto, Model, choose_device, save_model, score_stages
from getam.network import Network
from getam.progress import counted
from getam.pseudo_label import Labeller
from getam.training.fit import Trainer
from getam.training.optimiser import build_optimiser, freeze_blocks
from getam.training.pictures import batch_samples, photo_sample, save_samples
from getam.training.recipe import Recipe
from getam.training.run_folder import RunFolder
from getam.training.schedule import Schedule
from getam.training.step import LossWeights, Step, StepOutput

logger = logging.getLogger(__name__)

SAMPLES = "samples"  # folder of pictures in a run
SHOWN = 8  # photos on the picture of the validation split


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
) -> StageScores | None:
    """Train on photos with image-level labels; no pixel label is ever read for it.

    The run folder receives ``config.yaml``, ``env.json``, ``metrics.jsonl``, ``checkpoint.pt``
    after every epoch, pictures of samples, TensorBoard logs and, at the end, the model
    (``model.safetensors``, ``model.json``) that :class:`getam.Predictor` loads.

    Parameters
    ----------
    network
        From :func:`getam.network.build_network`, with as many classes as the source.
    source
        Photos and labels, from :func:`getam.data.open_source`.
    out
        Folder of the run; must be new or empty, unless ``resume``.
    recipe
        How to train.
    val
        A second split; if it has masks, every stage is scored on it at the end.
    device
        "auto", "cpu" or "cuda".
    workers
        Processes that read photos.
    strict
        Stop at an unreadable photo, where else it is left out with a warning.
    resume
        Go on with the run in ``out``.
    config
        What to write to ``config.yaml`` beside the recipe, e.g. the paths of the data.

    Returns
    -------
    StageScores or None
        Scores on ``val``, None without masks to score with; also in ``scores.json``.

    Raises
    ------
    FileExistsError, FileNotFoundError, ValueError
        For an output folder in use, missing data or settings that do not fit.
    FloatingPointError
        If a loss is not finite.
    Stopped
        After Ctrl-C or SIGTERM, with everything saved.
    """
    recipe = recipe or Recipe()
    choose_device(device)  # Fabric would say so in a traceback, and late
    source = check_photos(source.for_training(), strict=strict)
    val = None if val is None else check_photos(val, strict=strict)
    if network.num_classes != len(source.classes):
        raise ValueError(
            f"network must have the {len(source.classes)} classes of {source.name}, "
            f"got {network.num_classes}"
        )
    if source.has_truth or (val is not None and val.has_truth):
        logger.info("masks were found: they are only scored, training never reads one")
    has_saliency = all(record.saliency for record in source.records)
    labeller = build_labeller(recipe, network)
    if recipe.saliency_weight and not has_saliency:
        raise ValueError(
            "saliency_weight needs saliency maps: give saliency=DIR, or set saliency_weight=0 and "
            "rule=thresholds"
        )
    labeller.check(has_saliency=has_saliency)
    run = RunFolder(Path(out), {**(config or {}), **asdict(recipe)}, resume=resume)
    fabric = Fabric(accelerator=device, devices=1, precision=recipe.precision)
    fabric.launch()
    trainer = build_trainer(
        network, source, labeller, recipe=recipe, fabric=fabric, run=run, workers=workers
    )

    def draw(epoch: int, batch: Batch, output: StepOutput) -> None:
        samples = batch_samples(batch, output, names=list(source.classes))
        save_samples(samples, source, run.path / SAMPLES / f"epoch{epoch:03d}.jpg")

    run.begin()  # only now: settings that cannot be built must not use the folder up
    trainer.fit(resume=resume, on_epoch_end=draw)
    model = Model(
        trainer.trained_network.eval(),
        source.classes,
        long_side=recipe.long_side or recipe.crop * 10 // 7,
        labeller=labeller,
        tag_weight=recipe.tag_weight,
        scales=recipe.test_scales,
        resize=recipe.test_resize,
        crf=recipe.test_crf,
    )
    save_model(model, run.path)
    if val is None or not val.has_truth:
        return None
    return score_run(model, val, run.path, workers=workers)


def build_labeller(recipe: Recipe, network: Network) -> Labeller:
    """The labeller of a recipe; maps count from the middle block on unless it says otherwise."""
    middle = len(network.backbone.blocks) // 2
    return Labeller(
        method=recipe.method,
        first_block=middle if recipe.first_block is None else recipe.first_block,
        affinity=recipe.affinity,
        iterations=recipe.iterations,
        scale=recipe.refine_scale,
        rule=recipe.rule,
        settings=recipe.rule_settings,
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
) -> Trainer:
    """Loader, optimiser and schedule of a recipe, around a network."""
    fabric.seed_everything(recipe.seed, verbose=False)
    freeze_blocks(network, recipe.frozen_blocks)
    loader = train_loader(
        source,
        crop=recipe.crop,
        batch_size=recipe.batch_size,
        seed=recipe.seed,
        workers=workers,
        scale=recipe.scale,
        jitter=recipe.jitter,
        rank=fabric.global_rank,
        world_size=fabric.world_size,
    )
    steps = recipe.epochs * len(loader)
    schedule = Schedule(
        steps,
        joint_from=round(recipe.joint_from * steps),
        warmup=recipe.warmup,
        joint_factor=recipe.joint_factor,
    )
    optimiser = build_optimiser(
        network,
        recipe.optimiser,
        learning_rate=recipe.learning_rate,
        head_factor=recipe.head_factor,
        weight_decay=recipe.weight_decay,
    )
    weights = LossWeights(
        classification=recipe.classification_weight,
        segmentation=recipe.segmentation_weight,
        saliency=recipe.saliency_weight,
        energy=recipe.energy_weight,
    )
    step = Step(
        network,
        labeller,
        weights,
        saliency_target=recipe.saliency_target,
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
        ema=recipe.ema,
    )


def score_run(
    model: Model, val: Source, folder: Path, *, workers: int | None = None
) -> StageScores:
    """Score every stage on a split; write ``scores.json`` and a picture of its first photos."""
    shown: list[LabelledPhoto] = []
    with counted("scoring", len(val)) as advance:

        def on_photo(photo: LabelledPhoto) -> None:
            advance()
            if len(shown) < SHOWN:
                shown.append(photo)

        stages = score_stages(model, val, workers=workers, on_photo=on_photo)
    stages.write_json(folder / "scores.json")
    samples = [photo_sample(photo, val) for photo in shown]
    save_samples(samples, val, folder / SAMPLES / "val.jpg")
    return stages
