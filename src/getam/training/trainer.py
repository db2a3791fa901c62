"""The trainer runs the loop: batches in; a trained network, metrics and checkpoints out.

Several processes run the same loop, each with its part of every batch. The first one writes.
"""

import logging
import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, cast

import torch
from lightning_fabric import Fabric
from torch.optim import Optimizer

from getam.data import Batch, TrainLoader, plain_error
from getam.network import Network
from getam.ranks import is_first, largest_over_ranks, world_size
from getam.stopped import Stopped
from getam.training.averaged import averaged
from getam.training.checkpoint import load_checkpoint, save_checkpoint
from getam.training.epoch_meter import EpochMeter
from getam.training.frozen import KeptLabels
from getam.training.loggers import Log, logging_to
from getam.training.optimiser import set_rate, train_mode
from getam.training.preparation import Preparation
from getam.training.progress import TrainingProgress
from getam.training.run_folder import RunFolder
from getam.training.schedule import Schedule
from getam.training.shared_weights import average_gradients, check_equal_weights, copy_from_first
from getam.training.step import Step, StepOutput
from getam.training.stop_request import StopRequest, listen

LOG_EVERY = 10  # steps between two lines of metrics.jsonl

logger = logging.getLogger(__name__)

EpochEnd = Callable[[int, Batch, StepOutput], None]


class Trainer:
    """A trainer holds everything that changes while training, and how one step changes it.

    Parameters
    ----------
    step
        The network, the label source and the parts of the loss.
    loader
        The loader of training batches, which knows its place in the epoch.
    optimiser, schedule
        What moves the weights, and by how much at which step.
    fabric
        The devices and the precision.
    run
        The folder of the metrics and checkpoints.
    accumulate
        Steps whose gradients are averaged before the optimiser acts; fewer at an epoch's end.
    ema_decay
        Decay of the averaged weights, 0 for none.
    preparation
        Shows all photos to the parts of the loss that need them before they begin. None if no part
        does.
    """

    def __init__(
        self,
        step: Step,
        loader: TrainLoader,
        optimiser: Optimizer,
        schedule: Schedule,
        *,
        fabric: Fabric,
        run: RunFolder,
        accumulate: int = 1,
        ema_decay: float = 0.0,
        preparation: Preparation | None = None,
    ) -> None:
        self.fabric = fabric
        self.step = step
        self.network = step.network
        self.step_module, self.optimiser = fabric.setup(step, optimiser)
        copy_from_first(step)
        self.loader = loader
        self.schedule = schedule
        self.run = run
        self.accumulate = accumulate
        self.average = averaged(self.network, ema_decay) if ema_decay else None
        self.preparation = preparation
        self.done = 0
        self.saved: tuple[int, float] = 0, time.monotonic()  # after which step, and when
        self.epoch = EpochMeter(self.network.num_classes)

    @property
    def trained_network(self) -> Network:
        """Return the network to keep: the averaged weights if there are any."""
        return self.network if self.average is None else cast(Network, self.average.module)

    def fit(
        self,
        *,
        resume: bool = False,
        on_epoch_end: EpochEnd,
        loggers: Sequence[str] = (),
        save_minutes: float = math.inf,
        on_begin: Callable[[], None] = lambda: None,
    ) -> None:
        """Train to the end of the schedule.

        Parameters
        ----------
        resume
            Go on from the run folder's checkpoint.
        on_epoch_end
            Called with (epoch, last batch, its output) in the first process, e.g. to draw them.
        loggers
            Names of :data:`getam.training.loggers.LOGGERS` that are given the figures too.
        save_minutes
            A checkpoint is written after every epoch, and after so many minutes within an epoch.
        on_begin
            Called once the network has the weights with which it begins or goes on.

        Raises
        ------
        FloatingPointError
            If a loss is not finite; the last checkpoint stays as it was.
        RuntimeError
            If the weights of several processes are no longer equal; the last checkpoint stays.
        ValueError
            If a logger cannot begin.
        Stopped
            After Ctrl-C, SIGTERM or SIGUSR1, with a checkpoint saved.
        """
        if resume:
            self.restore()
        waiting = time.monotonic()
        on_begin()
        self.epoch.began += time.monotonic() - waiting  # no photo was trained on meanwhile
        with (
            self.failure_told(),
            listen() as request,
            TrainingProgress(self.schedule.steps, done=self.done, shown=is_first()) as progress,
            logging_to(loggers if is_first() else (), self.run.path, done=self.done) as log,
        ):
            long_ahead = self.long_ahead()
            while self.done < self.schedule.steps:
                train_mode(self.step_module)
                for batch in self.loader:
                    with self.interruptible(request) if long_ahead else nullcontext():
                        if self.preparation is not None:
                            self.preparation.before(**self.phase_and_elapsed())
                        output = self.one_step(batch)
                    self.epoch.add(batch, output)
                    self.report(progress, log)
                    long_ahead = self.long_ahead()
                    place = self.done % len(self.loader)
                    between_updates = place and place % self.accumulate == 0
                    if between_updates and (long_ahead or self.due(request, save_minutes)):
                        self.checkpoint(request)
                number = self.done // len(self.loader)
                self.report_epoch(number, progress, log)
                if is_first():
                    on_epoch_end(number, batch, output)
                self.epoch = EpochMeter(self.network.num_classes)
                self.checkpoint(request)

    def one_step(self, batch: Batch) -> StepOutput:
        """Run forward, backward and, when enough gradients are summed, the optimiser."""
        set_rate(self.optimiser, self.schedule.factor(self.done))
        output: StepOutput = self.step_module(batch, **self.phase_and_elapsed())
        total = output.losses["total"]
        together, last = self.gradient_group()
        self.fabric.backward(total / together)
        if last:
            average_gradients(self.step.parameters())
            self.optimiser.step()
            self.optimiser.zero_grad()
            if self.average is not None:
                self.average.update_parameters(self.network)
        self.done += 1
        return output

    def long_ahead(self) -> bool:
        """Return whether the next step first looks at all photos, which may take long."""
        phase = self.phase_and_elapsed()
        source = self.step.label_source
        labels = phase["joint"] and isinstance(source, KeptLabels) and source.waiting
        return labels or (self.preparation is not None and self.preparation.begins(**phase))

    def interruptible(self, request: StopRequest) -> AbstractContextManager[None]:
        """Let a signal end the next step at once if nothing would be lost."""
        saved = self.saved[0] == self.done and world_size() == 1
        return request.at_once(self.stopped_here()) if saved else nullcontext()

    def stopped_here(self) -> str:
        """Return what a run says that stops with everything saved."""
        if not self.done:
            return "stopped before the first step: the same command begins anew"
        return (
            f"stopped at step {self.done} of {self.schedule.steps}, all saved: the same "
            "command with --resume goes on"
        )

    def phase_and_elapsed(self) -> dict[str, Any]:
        """Return the phase of the next step, and the share of the run that is over."""
        return {
            "joint": self.schedule.is_joint(self.done),
            "elapsed": self.done / self.schedule.steps,
        }

    def gradient_group(self) -> tuple[int, bool]:
        """Return how many steps share the next optimiser action, and whether this is their last.

        No group reaches over an epoch's end, so no gradient is pending in a checkpoint.
        """
        place = self.done % len(self.loader)
        first = place - place % self.accumulate
        size = min(self.accumulate, len(self.loader) - first)
        return size, place + 1 == first + size

    def finite(self, figures: dict[str, float]) -> dict[str, float]:
        """Return the figures, or raise if a loss is not finite.

        A step does not ask for its own loss, because an accelerator would have to stop for that.
        """
        if not math.isfinite(figures["total"]):
            raise self.diverged(f"the loss became {figures['total']}")
        return figures

    def diverged(self, what: str) -> FloatingPointError:
        """Return the error for numbers that are not finite."""
        kept = f"the last checkpoint in {self.run.path} was kept"
        return FloatingPointError(
            f"{what} by step {self.done}: lower learning_rate; "
            f"{kept if self.saved[0] else 'nothing was saved yet'}"
        )

    def report(self, progress: TrainingProgress, log: Log) -> None:
        """Show the running figures and write them down, every few steps."""
        if self.done % LOG_EVERY:
            progress.advance(self.done)
            return
        phase = "joint" if self.schedule.is_joint(self.done - 1) else "classification"
        figures = self.finite(self.epoch.running())
        if not is_first():
            return
        progress.update(self.done, phase, figures)
        rate = self.optimiser.param_groups[0]["lr"]
        self.run.log({"step": self.done, "phase": phase, "learning_rate": rate, **figures})
        shown = {"learning_rate": rate, **figures}
        log({f"train/{name}": value for name, value in shown.items()}, self.done)

    def report_epoch(self, number: int, progress: TrainingProgress, log: Log) -> None:
        """Write an epoch's figures down and say them in one line."""
        figures = self.finite(self.epoch.whole())
        if not is_first():
            return
        self.run.log({"step": self.done, "epoch": number, **figures})
        log({f"epoch/{name}": value for name, value in figures.items()}, self.done)
        progress.say(
            f"epoch {number}, on the photos trained on  "
            + "  ".join(f"{name} {value:.3f}" for name, value in figures.items())
        )

    @contextmanager
    def failure_told(self) -> Iterator[None]:
        """Say in one line what is kept if the block fails; the error itself says why it does."""
        try:
            yield
        except (OSError, ValueError, RuntimeError, MemoryError) as error:
            if world_size() == 1:  # several processes say it themselves
                kept = f"--resume goes on from step {self.saved[0]}"
                logger.warning(
                    "the run failed after step %d of %d; once the fault is mended, %s",
                    self.done,
                    self.schedule.steps,
                    kept if self.saved[0] else "the same command begins anew",
                )
            # torch raises the death of a reading process at whatever line runs at the time.
            plain = plain_error(error)
            if plain is error:
                raise
            raise plain from None

    def due(self, request: StopRequest, save_minutes: float) -> bool:
        """Return whether to save within an epoch; all processes get the same answer."""
        late = time.monotonic() - self.saved[1] >= 60 * save_minutes
        return largest_over_ranks(max(request.signal, int(late))) > 0

    def checkpoint(self, request: StopRequest) -> None:
        """Save, and stop if a signal asked for it."""
        self.save()
        if signal := request.agreed():
            raise Stopped(self.stopped_here(), signal)

    def save(self) -> None:
        """Write a checkpoint from which :meth:`restore` goes on to the same losses."""
        finite = [parameter.isfinite().all() for parameter in self.step.parameters()]
        if not torch.stack(finite).all():  # asked once: an accelerator has to stop for the answer
            raise self.diverged("a weight is not finite")
        check_equal_weights(self.step)
        state: dict[str, Any] = {
            "done": self.done,
            "step": self.step.state_dict(),  # the network, and what parts of the loss own
            "optimiser": self.optimiser.state_dict(),
            "loader": self.loader.state_dict(),
            "epoch": self.epoch.state_dict(),
            "average": None if self.average is None else self.average.state_dict(),
            "precision": self.fabric.strategy.precision.state_dict(),  # float16's loss scale
        }
        if is_first():
            self.run.keep_log()
        save_checkpoint(self.run.path, state)
        self.saved = self.done, time.monotonic()

    def restore(self) -> None:
        """Go back to the last whole checkpoint; what was logged after it is dropped."""
        state = load_checkpoint(self.run.path)
        self.done = state["done"]
        self.saved = self.done, time.monotonic()
        self.step.load_state_dict(state["step"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.loader.load_state_dict(state["loader"])
        self.epoch.load_state_dict(state["epoch"])
        if self.average is not None:
            self.average.load_state_dict(state["average"])
        self.fabric.strategy.precision.load_state_dict(state["precision"])
        if is_first():
            self.run.forget_after(self.done)
