"""This module estimates how long a run would take, from a few real steps of both phases."""

import time
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any

from getam.data import Source
from getam.inference import score_stages
from getam.model import Model
from getam.network import Network
from getam.recipe import Recipe
from getam.training.judge_run import JUDGED
from getam.training.optimiser import train_mode
from getam.training.prepare import prepare
from getam.training.processes import while_others_live
from getam.training.progress import PHASES, peak_memory
from getam.training.trainer import Trainer

WARM_UP = 1  # the first step pays for the workers and for buffers
TIMED = 4
SCORED = 3  # so many photos are scored to see how long one takes


@dataclass(frozen=True)
class Estimate:
    """An estimate says what a run will do and how long it will take here.

    Attributes
    ----------
    photos, scored, judged
        Number of photos to train on, to score, and to judge out of those to train on.
    classes
        Number of classes.
    epochs, steps
        Passes over the photos, and steps in all.
    phase_steps
        Steps of each phase: "classification" (tags alone) and "joint" (masks too).
    step_seconds
        Seconds of a step of each phase.
    photo_seconds
        Seconds that it takes to score or to judge one photo.
    memory
        Peak memory in GB after these steps, of the accelerator or, without one, of the process.
    advice
        A line for everything that may spoil the run.
    """

    photos: int
    scored: int
    judged: int
    classes: int
    epochs: int
    steps: int
    phase_steps: Mapping[str, int]
    step_seconds: Mapping[str, float]
    photo_seconds: float
    memory: float
    advice: tuple[str, ...] = ()

    @property
    def seconds(self) -> float:
        """Return the seconds of the steps, of the scoring and of the judging."""
        steps = sum(count * self.step_seconds[name] for name, count in self.phase_steps.items())
        return steps + (self.scored + self.judged) * self.photo_seconds

    def table(self) -> str:
        """Return the estimate as text."""
        phases = {
            PHASES[name]: f"{count} steps of {self.step_seconds[name]:.2f} s"
            for name, count in self.phase_steps.items()
        }
        rows = {
            "photos": f"{self.photos} to train on, {self.scored} to score",
            "classes": str(self.classes),
            "steps": f"{self.steps} in {self.epochs} epochs",
            **phases,
            "score": f"{self.scored} photos of {self.photo_seconds:.2f} s",
            "judge": f"{self.judged} of the photos to train on, as long each",
            "time": f"about {self.seconds / 60:.1f} minutes, if the machine stays as busy as now",
            "memory": f"about {self.memory:.1f} GB",
        }
        width = max(map(len, rows))
        return "\n".join(f"{name:<{width}}  {value}" for name, value in rows.items())


@while_others_live()
def estimate(
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
    config: Mapping[str, Any] | None = None,
) -> Estimate:
    """Check everything that :func:`getam.train` checks, and say how long the run would take.

    A copy of the network makes a few real steps of each phase on the photos. The network stays as
    it is, and nothing is written.

    Parameters
    ----------
    network, source, out, recipe, val, device, devices, workers, strict, config
        As for :func:`getam.train`.

    Raises
    ------
    FileExistsError, FileNotFoundError, ValueError, FloatingPointError
        As for :func:`getam.train`.
    """
    if recipe is not None and recipe.frozen:
        raise ValueError(
            "dry_run: leave --frozen out; its run says at the start how many photos are left"
        )
    ready = prepare(
        deepcopy(network),
        source,
        Path(out),
        recipe=recipe,
        val=val,
        device=device,
        devices=devices,
        workers=workers,
        strict=strict,
        resume=False,
        config=config,
    )
    phases = phases_of(ready.trainer)
    step_seconds = {name: seconds_of_step(ready.trainer, phase) for name, phase in phases.items()}
    looked_at = ready.source if ready.val is None else ready.val
    return Estimate(
        photos=len(ready.source),
        scored=0 if ready.val is None else len(ready.val),
        judged=min(JUDGED, len(ready.source)),
        classes=len(ready.source.classes),
        epochs=ready.recipe.epochs,
        steps=ready.trainer.schedule.steps,
        phase_steps={name: len(phase) for name, phase in phases.items()},
        step_seconds=step_seconds,
        photo_seconds=seconds_of_photo(ready.model(), looked_at),
        memory=peak_memory(),
        advice=ready.advice,
    )


def phases_of(trainer: Trainer) -> dict[str, range]:
    """Return the numbers of the steps of each phase; a phase without steps is left out."""
    steps, joint = trainer.schedule.steps, trainer.schedule.joint_from
    phases = {"classification": range(joint), "joint": range(joint, steps)}
    return {name: phase for name, phase in phases.items() if phase}


def seconds_of_step(trainer: Trainer, phase: range) -> float:
    """Return the median seconds of a few steps of a phase; reading the photos is included."""
    train_mode(trainer.step_module)
    ends: list[float] = []
    while len(ends) <= WARM_UP + TIMED:
        for batch in islice(trainer.loader, 1 + WARM_UP + TIMED - len(ends)):
            trainer.done = phase[len(ends) % len(phase)]
            trainer.one_step(batch)
            ends.append(time.perf_counter())
    ends = ends[WARM_UP:]
    return median(later - earlier for earlier, later in zip(ends, ends[1:], strict=False))


def seconds_of_photo(model: Model, source: Source) -> float:
    """Return the seconds that a photo takes to be scored, as the mean of a few."""
    few = replace(source, records=source.records[:SCORED])
    began = time.perf_counter()
    score_stages(model, few, workers=0)
    return (time.perf_counter() - began) / len(few)
