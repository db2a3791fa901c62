"""This module shows the progress of training: a bar on a terminal, plain lines elsewhere."""

import resource
import sys
import time
from collections.abc import Mapping
from types import TracebackType

import torch
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from getam.progress import LINE_EVERY

PHASES = {"classification": "phase 1, tags alone", "joint": "phase 2, masks too"}
"""What people read about the phases of a training."""


class TrainingProgress:
    """The progress shows phase, losses, images per second, time left and peak memory.

    Parameters
    ----------
    steps
        Steps in all.
    done
        Steps already made by the run that is resumed.
    shown
        Whether there is a bar; of several processes, only the first has one.
    """

    def __init__(self, steps: int, *, done: int = 0, shown: bool = True) -> None:
        console = Console(stderr=True)
        self.steps = steps
        self.first = done
        self.began = self.last_line = time.monotonic()
        self.bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.completed:.0f}/{task.total:.0f}"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=console,
            disable=not (shown and console.is_terminal),
        )
        self.task = self.bar.add_task("training", total=steps, completed=done)

    def __enter__(self) -> "TrainingProgress":
        self.bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.bar.stop()

    def advance(self, step: int) -> None:
        """Report that ``step`` steps are done."""
        self.bar.update(self.task, completed=step)

    def update(self, step: int, phase: str, figures: Mapping[str, float]) -> None:
        """Report that ``step`` steps are done, with the running figures of a phase of `PHASES`."""
        shown = "  ".join(f"{name} {value:.3g}" for name, value in figures.items())
        text = f"{PHASES[phase]}  {shown}  {peak_memory():.1f} GB"
        self.bar.update(self.task, completed=step, description=text)
        now = time.monotonic()
        if self.bar.disable and now - self.last_line > LINE_EVERY:
            self.last_line = now
            left = (now - self.began) / max(1, step - self.first) * (self.steps - step)
            self.say(f"step {step}/{self.steps}  {text}  {left / 60:.1f} min left")

    def say(self, line: str) -> None:
        """Print a line above the bar."""
        if self.bar.disable:
            print(line, file=sys.stderr, flush=True)
        else:
            self.bar.console.print(line)


def peak_memory() -> float:
    """Return the peak memory in GB, of the accelerator or, without one, of the process."""
    if torch.cuda.is_available():
        return torch.cuda.max_memory_allocated() / 1e9
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e9
