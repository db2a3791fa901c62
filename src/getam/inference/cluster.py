"""This module segments photos on a Ray cluster, with one worker on every device.

Ray Data hands portions of the photos to the workers. A worker reads its photos, predicts, and
writes whole files into the output folder, which all machines must see. It returns what the manifest
says of them, and the one process that has the manifest writes it there. A portion whose worker dies
is done again. Its files replace themselves, and nothing stands in the manifest twice, because a
worker that died has returned nothing.
"""

import logging
import os
import pickle
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

from getam.data import Source, without_unreadable
from getam.elsewhere import whole_name
from getam.extra import needs
from getam.inference.folders import MaskWork, write_class_list
from getam.inference.job import (
    TOLERANT,
    Job,
    Patience,
    Tolerance,
    failures_listed,
    not_done,
    work_through,
)
from getam.inference.predictor import Predictor
from getam.outputs import Entry, Outcomes, OutputFolder
from getam.progress import counted

with needs("ray", asked="--engine ray"):
    # Ray reads these when it is imported: it reports its use to its makers, unless told not to.
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
    import ray
    import ray.data
    from ray.data.exceptions import ExecutionTimeoutError

PORTION = 64
"""So many photos at most are given to a worker at once, and are done again if it dies."""

TRIES = 3
"""So often is a portion given to a worker again that died of it."""

IN_FLIGHT = 2
"""A worker has one portion in work and one that waits, so that no device is idle."""

LOST = "the process that worked on it ended, each time that it was tried"

Done = tuple[list[Entry], list[str]]
"""What a worker returns: the entries of the photos, and why work failed where it did."""

logger = logging.getLogger(__name__)


def predict_on_cluster(
    load: Callable[[], Predictor],
    source: Source,
    out: OutputFolder,
    *,
    address: str | None = None,
    device: str | None = None,
    overlays: bool = False,
    workers: int | None = None,
    tolerance: Tolerance = TOLERANT,
) -> None:
    """Write the files that :func:`getam.inference.predict_folder` writes, on a Ray cluster.

    Parameters
    ----------
    load
        It makes the predictor of a worker. The paths in it must be absolute.
    source, out, overlays, workers, tolerance
        As :func:`getam.inference.predict_folder`; ``workers`` are those of one device. All machines
        must see the photos and the output folder under the same paths.
    address
        The address of a cluster that runs already. None starts one on this machine.
    device
        With ``"cpu"``, every machine is one device. Otherwise every GPU is one, if there is any.

    Raises
    ------
    ConnectionError
        If no cluster answers at the address.
    OSError, ValueError
        As :func:`getam.inference.predict_folder`.
    """
    todo = not_done(source, out)
    if tolerance.strict and todo.records:
        without_unreadable(todo, strict=True)
    if not todo.records:
        return
    write_class_list(out, load().classes)
    patience = Patience(out, tolerance)
    make = partial(
        Worker,
        load,
        out.path.absolute(),
        overlays=overlays,
        workers=workers,
        time_limit=tolerance.time_limit,
    )
    with failures_listed(out), out.writing() as part, counted("photos", len(todo)) as advance:
        with cluster(address):
            for alone in (False, True):  # a photo that ends its worker takes no others along
                left = not_tried(todo, out)
                for entries, reasons in outcomes(
                    left, partial(make, part=part.absolute()), device=device, alone=alone
                ):
                    patience.reasons += reasons
                    for entry in entries:
                        out.add(entry)
                        if entry["status"] == "done":
                            patience.any_worked = True
                            advance()
                    patience.check()
        for record in not_tried(todo, out).records:
            out.record_failure(record.id, LOST)
        patience.check()
        patience.refuse_one_reason()


def not_tried(source: Source, out: OutputFolder) -> Source:
    """Return the photos that have no entry yet."""
    records = (r for r in source.records if r.id not in out.done and r.id not in out.failed)
    return replace(source, records=tuple(records))


class Worker:
    """A worker holds a predictor on one device and works on one portion after the other.

    Parameters
    ----------
    load
        It makes the predictor.
    folder, part
        The output folder, and the folder for files that are not finished.
    overlays, workers, time_limit
        See :func:`predict_on_cluster`.
    """

    def __init__(
        self,
        load: Callable[[], Predictor],
        folder: Path,
        *,
        part: Path,
        overlays: bool,
        workers: int | None,
        time_limit: float | None,
    ) -> None:
        self.work = MaskWork(load(), overlays=overlays)
        self.folder = folder
        self.part = part / uuid4().hex  # one that lost its connection may still be writing
        self.reading = {"workers": workers, "time_limit": time_limit}

    def __call__(self, portion: Source) -> Done:
        """Work on the photos of a portion."""
        out = Outcomes(self.folder, {r.id: whole_name(r.image) for r in portion.records})
        patience = Patience(out, TOLERANT)  # the process with the manifest sees all workers
        patience.any_worked = True
        job = Job(out, self.work, self.part, patience)
        lanes = self.work.predictor.lanes
        work_through(portion, job, lambda: None, lanes=lanes, **self.reading)
        return out.entries, patience.reasons


class Carrier:
    """A carrier takes a portion to a worker and its outcome back, in the rows of Ray Data.

    An error that concerns no photo, such as a full disk, travels as an outcome. Ray would try
    the portion again, or leave it out.

    Parameters
    ----------
    make
        It makes the worker.
    """

    def __init__(self, make: Callable[[], Worker]) -> None:
        self.make = make
        self.worker: Worker | None = None

    def __call__(self, row: dict[str, bytes]) -> dict[str, bytes]:
        """Return the outcome of a portion."""
        outcome: Done | Exception
        try:
            self.worker = self.worker or self.make()
            outcome = self.worker(pickle.loads(row["portion"]))  # noqa: S301 - Ray's own store
        except Exception as error:
            outcome = error
        return {"outcome": pickle.dumps(outcome)}


def outcomes(
    todo: Source, make: Callable[[], Worker], *, device: str | None, alone: bool
) -> Iterator[Done]:
    """Yield what became of the photos, portion by portion, as they end.

    Photos are left out if their worker died of them again and again, or if it was lost and no
    other one took its place.

    Parameters
    ----------
    todo
        The photos.
    make
        It makes a worker.
    device
        See :func:`predict_on_cluster`.
    alone
        Whether every photo is a portion of its own.

    Raises
    ------
    Exception
        The error of a worker that concerns no photo.
    """
    if not todo.records:
        return
    count, resources = devices(ray.nodes(), device)
    portions = cut(todo, count, alone=alone)
    data = ray.data.from_items(
        [{"portion": pickle.dumps(portion)} for portion in portions],
        override_num_blocks=len(portions),
    )
    worked = data.map(
        Carrier,
        fn_constructor_args=(make,),
        compute=ray.data.ActorPoolStrategy(
            size=min(count, len(portions)), max_tasks_in_flight_per_actor=IN_FLIGHT
        ),
        max_task_retries=TRIES,
        **resources,
    )
    try:
        for row in worked.iter_rows():
            outcome: Done | Exception = pickle.loads(row["outcome"])  # noqa: S301 - Ray's own store
            if isinstance(outcome, Exception):
                raise outcome
            yield outcome
    except ExecutionTimeoutError:
        logger.warning("machines of the cluster are gone: what they left goes to the others")


def cut(todo: Source, devices: int, *, alone: bool) -> list[Source]:
    """Cut photos into portions, at least four for every device, so that all end together."""
    size = 1 if alone else min(PORTION, 1 + len(todo) // (4 * devices))
    records = [replace(r, image=r.image.absolute()) for r in todo.records]
    starts = range(0, len(records), size)
    return [replace(todo, records=tuple(records[i : i + size])) for i in starts]


def devices(nodes: list[dict[str, Any]], device: str | None) -> tuple[int, dict[str, int]]:
    """Return how many devices the machines of a cluster have, and what a worker needs of one.

    A worker on a GPU gets its share of the processors of its machine, for the processes that
    read photos. A worker without a GPU gets all processors.

    Raises
    ------
    ValueError
        If the cluster has no processor to work on.
    """
    machines = [node["Resources"] for node in nodes if node["Alive"] and node["Resources"]]
    with_gpu = [machine for machine in machines if machine.get("GPU", 0) >= 1]
    if with_gpu and device != "cpu":
        count = sum(int(machine["GPU"]) for machine in with_gpu)
        share = min(int(machine.get("CPU", 0) // machine["GPU"]) for machine in with_gpu)
        return count, {"num_gpus": 1, "num_cpus": share}
    processors = [int(machine["CPU"]) for machine in machines if machine.get("CPU", 0) >= 1]
    if not processors:
        raise ValueError("no machine of the Ray cluster offers a processor")
    return len(processors), {"num_cpus": min(processors)}


@contextmanager
def cluster(address: str | None) -> Iterator[None]:
    """Connect to a Ray cluster, or start one on this machine, and leave it when the block ends.

    What Ray tells meanwhile goes to stderr, since stdout belongs to the command.

    Raises
    ------
    ConnectionError
        If no cluster answers at the address.
    """
    for name in ("ray", "ray.data"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    context = ray.data.DataContext.get_current()
    context.max_errored_blocks = -1  # the photos of such a block are counted afterwards
    context.enable_progress_bars = False
    with redirect_stdout(sys.stderr):
        ray.init(
            address or "local",
            include_dashboard=False,
            log_to_driver=False,
            logging_level=logging.CRITICAL,
        )
        try:
            yield
        finally:
            ray.shutdown()
