"""This module sends the figures of a run to other programs, such as TensorBoard, by their names.

Every one of them is imported only if it is named. The run folder's ``metrics.jsonl`` is written in
any case and holds the same figures.
"""

import csv as csv_file
import logging
import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from getam.extra import needs
from getam.files import whole_file

logger = logging.getLogger(__name__)

PROJECT = "getam"
"""The project of wandb and the experiment of mlflow, unless their own variables name another."""

Log = Callable[[Mapping[str, float], int], None]
"""What takes figures by their names, and the number of steps after which they were true."""


@contextmanager
def tensorboard(folder: Path, done: int) -> Iterator[Log]:
    """Write to ``tensorboard/``; what a stopped run wrote after its checkpoint is hidden."""
    from torch.utils.tensorboard import SummaryWriter

    with SummaryWriter(folder / "tensorboard", purge_step=done + 1) as board:

        def log(figures: Mapping[str, float], step: int) -> None:
            for name, value in figures.items():
                board.add_scalar(name, value, step)

        yield log


@contextmanager
def csv(folder: Path, done: int) -> Iterator[Log]:
    """Write a table below ``csv/``; a run that goes on begins the next table there.

    What a stopped run wrote after its checkpoint goes, so no step stands in two tables.
    """
    from lightning_fabric.loggers import CSVLogger

    for earlier in (folder / "csv").glob("from_step_*/metrics.csv"):
        forget_rows_after(earlier, done)
    table = CSVLogger(folder, name="csv", version=f"from_step_{done}", flush_logs_every_n_steps=1)
    try:
        yield lambda figures, step: table.log_metrics(dict(figures), step)
    finally:
        table.save()


def forget_rows_after(table: Path, step: int) -> None:
    """Drop the rows of a table that belong to later steps, and a last row that was cut off."""
    with table.open(newline="") as file:
        rows = csv_file.DictReader(line for line in file if line.endswith("\n"))
        kept = [row for row in rows if int(row["step"]) <= step]
        names = rows.fieldnames or ()
    with whole_file(table) as temporary, temporary.open("w", newline="") as file:
        writer = csv_file.DictWriter(file, names)
        writer.writeheader()
        writer.writerows(kept)


@contextmanager
def wandb(folder: Path, _done: int) -> Iterator[Log]:
    """Log to Weights & Biases, whose own variables say where; its files go to ``wandb/``."""
    import wandb as client

    project = os.environ.get("WANDB_PROJECT", PROJECT)
    with client.init(project=project, name=folder.name, dir=folder) as run:
        yield lambda figures, step: run.log({**figures, "step": step})


@contextmanager
def mlflow(folder: Path, _done: int) -> Iterator[Log]:
    """Log to the server that ``MLFLOW_TRACKING_URI`` names, or else to files in ``mlruns/``."""
    import mlflow as client

    own_folder = "MLFLOW_TRACKING_URI" not in os.environ
    if own_folder:
        os.environ.setdefault("MLFLOW_ALLOW_FILE_STORE", "true")  # it warns that files will go
        client.set_tracking_uri((folder / "mlruns").absolute().as_uri())
    try:
        client.set_experiment(os.environ.get("MLFLOW_EXPERIMENT_NAME", PROJECT))
        with client.start_run(run_name=folder.name):

            def log(figures: Mapping[str, float], step: int) -> None:
                client.log_metrics(dict(figures), step=step)

            yield log
    finally:
        if own_folder:  # it set the variable, and the next run of this process has another folder
            forgotten: Any = None  # mlflow takes None, and its types do not say so
            client.set_tracking_uri(forgotten)


class Logger(NamedTuple):
    """A logger has a package to be there, a function that opens it, and a folder."""

    package: str
    open: Callable[[Path, int], AbstractContextManager[Log]]
    folder: str


LOGGERS: dict[str, Logger] = {
    "tensorboard": Logger("tensorboard", tensorboard, "tensorboard"),
    "csv": Logger("lightning_fabric", csv, "csv"),
    "wandb": Logger("wandb", wandb, "wandb"),
    "mlflow": Logger("mlflow", mlflow, "mlruns"),
}
"""The loggers by name. Each one writes to its own folder in that of the run, or to a server."""


def check_loggers(names: Collection[str]) -> None:
    """See that loggers are known and that their packages are installed.

    Raises
    ------
    ValueError
        For a name that is not in :data:`LOGGERS`, or a missing package.
    """
    if isinstance(names, str):
        raise ValueError(f"loggers must be a list of names such as ['csv'], got {names!r}")
    for name in names:
        if name not in LOGGERS:
            raise ValueError(f"loggers must be of {', '.join(LOGGERS)}, got {name!r}")
        with needs(name, asked=f"loggers: {name}"):
            import_module(LOGGERS[name].package)


@contextmanager
def logging_to(names: Sequence[str], folder: Path, *, done: int) -> Iterator[Log]:
    """Open loggers and return the function that gives figures to all of them.

    A logger that fails later is left with a warning, because the run is worth more than its curve.

    Parameters
    ----------
    names
        Names of :data:`LOGGERS`.
    folder
        The folder of the run.
    done
        Number of steps that the run has made.

    Raises
    ------
    ValueError
        If a logger cannot begin, for example because its server does not answer.
    """
    check_loggers(names)
    with ExitStack() as stack:
        opened = {name: _begun(name, folder, done, stack) for name in names}

        def log(figures: Mapping[str, float], step: int) -> None:
            for name, one in [*opened.items()]:
                try:
                    one(figures, step)
                except Exception as error:  # each package raises errors of its own
                    del opened[name]
                    logger.warning(
                        "the logger %s takes no more figures (%s); metrics.jsonl has all of them",
                        name,
                        _first_line(error),
                    )

        yield log


def _begun(name: str, folder: Path, done: int, stack: ExitStack) -> Log:
    try:
        return stack.enter_context(LOGGERS[name].open(folder, done))
    except Exception as error:  # each package raises errors of its own
        raise ValueError(f"the logger {name} cannot begin: {_first_line(error)}") from error


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
