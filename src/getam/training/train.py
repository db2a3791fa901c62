"""This module trains a network and scores it."""

import logging
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from getam.data import Batch, Source
from getam.evaluation import PhotoSigns, StageScores
from getam.files import alone_in
from getam.inference import Predictor
from getam.model import save_model
from getam.network import Network
from getam.ranks import is_first
from getam.recipe import Recipe
from getam.training import advice
from getam.training.corrected_photos import write_corrected
from getam.training.judge_run import judge_run, score_run
from getam.training.loggers import check_loggers
from getam.training.pictures import SAMPLES, batch_samples, save_samples
from getam.training.prepare import prepare
from getam.training.processes import while_others_live
from getam.training.run_folder import goes_on
from getam.training.step import StepOutput
from getam.training.train_photos import write_left_out, write_train_photos

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Trained:
    """A trained run says what it came to.

    Attributes
    ----------
    folder
        The run folder, which holds the model.
    scores
        Scores on the validation photos; None without any, and in all processes but the first.
    warning
        One line if the masks are of no use, with what to do; None otherwise, and in all processes
        but the first.
    signs
        What is known about the masks of the photos that were judged, as in ``quality.json``.
    """

    folder: Path
    scores: StageScores | None
    warning: str | None
    signs: tuple[PhotoSigns, ...] = ()


@while_others_live()
def train(
    network: Network,
    source: Source,
    out: str | Path,
    *,
    recipe: Recipe | None = None,
    val: Source | None = None,
    device: str = "auto",
    devices: int = 1,
    workers: int | None = None,
    strict: bool = False,
    resume: bool = False,
    loggers: Sequence[str] = (),
    save_minutes: float = 10.0,
    config: Mapping[str, Any] | None = None,
    cache: str | Path | None = None,
) -> Trained:
    """Train on photos with image-level labels.

    No mask is ever read for it but the corrected ones of the source, if it has any.

    The run folder receives ``config.yaml``, ``env.json``, ``metrics.jsonl``, ``checkpoint.pt``
    and the one before it, pictures of samples and, at the end, the model (``model.safetensors``,
    ``model.json``) that :class:`getam.Predictor` loads, and ``quality.json``, which tells the
    photos with suspicious tags or masks. If photos cannot be read, ``left_out.json`` names each
    with its reason. What is learnt does not depend on them.

    Parameters
    ----------
    network
        From :func:`getam.network.build_network`, with as many classes as the source.
    source
        Photos and labels, from :func:`getam.data.open_source`. Its corrected masks take the place
        of pseudo labels, and ``corrected.json`` in the run folder lists them.
    out
        Folder of the run; must be new or empty, unless ``resume``. What a run left that was killed
        before its first checkpoint does not count.
    recipe
        How to train; None takes the default preset for this backbone and these photos.
    val
        A second split. If it has masks, every stage is scored on it at the end; its tags are
        scored in any case.
    device
        "auto" (a CUDA GPU if there is one), "cpu", "cuda", "cuda:1" or "mps".
    devices
        Number of processes on this machine, one per device, which share every batch. More than one
        are started with the command of this program, so a notebook cannot have them. torchrun says
        by itself how many it has started.
    workers
        Number of processes that read photos, beside each process that trains.
    strict
        Stop at an unreadable photo; otherwise it is left out with a warning.
    resume
        Go on with the run in ``out``, if the photos to train on and their tags are still the same.
        A run that was killed before its first checkpoint begins anew.
    loggers
        Names of programs that are given the figures of ``metrics.jsonl`` too: tensorboard, csv,
        wandb, mlflow. A run that goes on may have other ones.
    save_minutes
        A checkpoint is written after every epoch, and after so many minutes within an epoch.
    config
        What to write to ``config.yaml`` beside the recipe, e.g. the paths of the data.
    cache
        Folder of the features of a frozen backbone, which several runs may share; see ``frozen`` of
        :class:`getam.recipe.Recipe`. None takes the folder ``features`` of the run.

    Raises
    ------
    FileExistsError, FileNotFoundError, ValueError
        For an output folder in use, missing data, settings that do not fit, or a logger whose
        package is missing.
    FloatingPointError
        If a loss is not finite.
    RuntimeError
        If another process of the run ended, or its weights are no longer equal.
    Stopped
        After Ctrl-C, SIGTERM or SIGUSR1, with everything saved.
    """
    check_loggers(loggers)
    out = Path(out)
    resume = goes_on(out, resume=resume)
    ready = prepare(
        network,
        source,
        out,
        recipe=recipe,
        val=val,
        device=device,
        devices=devices,
        workers=workers,
        strict=strict,
        resume=resume,
        config=config,
        cache=None if cache is None else Path(cache),
    )
    source, val, trainer = ready.source, ready.val, ready.trainer

    def draw(epoch: int, batch: Batch, output: StepOutput) -> None:
        samples = batch_samples(batch, output, names=list(source.classes))
        save_samples(samples, source, out / SAMPLES / f"epoch{epoch:03d}.jpg")

    if is_first():
        for line in ready.advice:
            logger.warning(line)
        if val is not None and val.has_truth:
            logger.info("true masks were found: they are only scored, training never reads one")
        out.mkdir(parents=True, exist_ok=True)
    with alone_in(out) if is_first() else nullcontext():
        if is_first():
            # Only now: settings that cannot be built must not use the folder up.
            trainer.run.begin()
            write_train_photos(out, source)
            write_left_out(out, (source, val))
            write_corrected(out, ready.corrected)
            if val is not None:
                trainer.run.write_val_photos([record.image for record in val.records])
        trainer.fit(
            resume=resume,
            on_epoch_end=draw,
            loggers=loggers,
            save_minutes=save_minutes,
            on_begin=partial(ready.fill_cache, workers=workers),
        )
        if not is_first():
            return Trained(out, None, None)
        model = ready.model()
        save_model(model, out)
        scores, signs = (None, []) if val is None else score_run(model, val, out, workers=workers)
        judged = judge_run(model, source, out, held_out=signs, workers=workers)
        warning = advice.after(Predictor(model), source, judged)
        return Trained(out, scores, warning, tuple(judged))
