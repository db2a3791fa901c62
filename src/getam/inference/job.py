"""This module does one thing with every photo of a source: read, work, write, record.

A photo that fails is recorded with the reason, and the others go on.
"""

import logging
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from errno import EEXIST, EISDIR, ENAMETOOLONG, ENOTDIR
from pathlib import Path
from time import perf_counter
from typing import Any

import torch

from getam.data import Batch, Record, Source, Unread, read_each, without_unreadable
from getam.data.notice import shortened
from getam.files import move
from getam.inference.side_by_side import side_by_side
from getam.out_of_memory import is_out_of_memory
from getam.outputs import Outcomes, OutputFolder, checksum
from getam.places import place_below
from getam.progress import counted

Files = Mapping[str, Callable[[Path], object]]
"""The files of a photo: by ending, such as ``.png``, what writes the file to a path."""

Work = Callable[[Record, Batch], Files]
"""What is done with a photo, which comes as a batch of one."""

ALIKE = 3
"""If so many photos fail first, all for one reason, then the reason lies elsewhere."""

LISTED = 10
WRITERS, AHEAD = 2, 8
"""So many threads write, and so many photos may wait for them."""

OF_ONE_PHOTO = (None, ENAMETOOLONG, EISDIR, ENOTDIR, EEXIST)
"""Faults of a file that other photos need not share, unlike a full disk."""

# An accelerator that has failed once answers no later photo either.
_DEAD_DEVICE: type[Exception] | tuple[()] = getattr(torch, "AcceleratorError", ())

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Tolerance:
    """A tolerance says how much may go wrong with the photos of a job.

    Attributes
    ----------
    max_errors
        If more photos fail, the job stops. None lets any number fail: a failure costs one line
        and little time, while a run that stopped in the night has lost the night.
    strict
        Check all photos before the first one is worked on, and stop at the first failure.
    time_limit
        So many seconds may be waited for the reading of one photo. It needs reading processes.
    """

    max_errors: int | None = None
    strict: bool = False
    time_limit: float | None = 60.0

    def __post_init__(self) -> None:
        if self.max_errors is not None and self.max_errors < 0:
            raise ValueError(f"max_errors must be 0 or more, got {self.max_errors}")
        if self.time_limit is not None and self.time_limit <= 0:
            raise ValueError(f"time_limit must be above 0, got {self.time_limit:g}")

    @property
    def most(self) -> float:
        """Return how many photos may fail."""
        if self.strict:
            return 0
        return float("inf") if self.max_errors is None else self.max_errors


TOLERANT = Tolerance()
"""Any number of photos may fail."""


def not_done(source: Source, out: OutputFolder) -> Source:
    """Return the photos of the shard of a folder whose outputs are not in the folder yet."""
    todo = out.own - out.done
    return replace(source, records=tuple(r for r in source.records if r.id in todo))


def run_job(
    source: Source,
    out: OutputFolder,
    work: Work,
    *,
    tolerance: Tolerance = TOLERANT,
    workers: int | None = None,
    lanes: int = 1,
    long_side: int | None = None,
    multiple: int = 1,
) -> None:
    """Work on every photo that is not done, and write and record its files.

    Afterwards ``out`` says what was done and what failed. One line per failure is logged, at
    most ten, and the name of the manifest, which has all of them.

    Parameters
    ----------
    source
        The photos, of all shards.
    out
        Receives the files. It says which photos are done and which belong to this shard.
    work
        What makes the files of a photo. With several lanes, several threads call it at once. Two
        more threads write the files.
    tolerance
        How much may go wrong.
    workers
        Processes that read photos; see :func:`getam.data.read_each`.
    lanes
        The number of lanes; see :mod:`getam.inference.side_by_side`.
    long_side, multiple
        The size of the photos; see :func:`getam.data.photo_loader`.

    Raises
    ------
    OSError
        If a file cannot be written because of the disk. Then no other photo would do better.
    ValueError
        If more photos fail than may. Also if the first photos, or all of them, fail for one and
        the same reason, which then lies in the settings. A folder that such settings began is left
        free for others.
    """
    todo = not_done(source, out)
    if tolerance.strict and todo.records:
        without_unreadable(todo, strict=True)
    patience = Patience(out, tolerance)
    try:
        with failures_listed(out), out.writing() as part, counted("photos", len(todo)) as advance:
            work_through(
                todo,
                Job(out, work, part, patience),
                advance,
                lanes=lanes,
                long_side=long_side,
                multiple=multiple,
                workers=workers,
                time_limit=tolerance.time_limit,
            )
            patience.refuse_one_reason()
    except OneReason:
        out.leave()
        raise
    except KeyboardInterrupt:
        done = len(out.own & out.done)
        logger.warning("%d of %d photos are done: the same command goes on", done, len(out.own))
        raise


def work_through(
    todo: Source, job: "Job", advance: Callable[[], None], *, lanes: int = 1, **reading: Any
) -> None:
    """Read photos and work on them, and wait until all files are written.

    Parameters
    ----------
    todo
        The photos.
    job
        The job that works on them.
    advance
        A function that counts those that went well.
    lanes
        The number of lanes.
    **reading
        How they are read; see :func:`getam.data.read_each`.
    """
    photos = read_each(todo, **reading)
    given = zip(todo.records, photos, strict=True)
    results = side_by_side(job.work_on, given, lanes=lanes, count=len(todo))
    with closing(photos), ThreadPoolExecutor(WRITERS) as job.pool, closing(results):
        for result in results:
            if job.accept(result):
                advance()
        job.finish()


class Patience:
    """Patience ends if more photos fail than may, or if the first all fail for one reason.

    Attributes
    ----------
    any_worked
        Whether the work on any photo went well.
    reasons
        Why work failed; what could not be read says nothing of it.
    """

    def __init__(self, out: Outcomes, tolerance: Tolerance) -> None:
        self.out, self.most = out, tolerance.most
        self.any_worked = bool(out.done)
        self.reasons: list[str] = []

    def check(self, error: Exception | None = None) -> None:
        """See whether the job may go on after a photo has failed.

        Raises
        ------
        TooManyFailed
            If more photos failed than may.
        OneReason
            If the fault lies in the settings, and not in the photos.
        """
        if len(self.reasons) >= ALIKE:
            self.refuse_one_reason()
        if len(self.out.failed) > self.most:
            raise TooManyFailed(
                f"{len(self.out.failed)} photos failed, and {self.most:g} are "
                "allowed (--max-errors, --strict): what was done is kept"
            ) from error

    def refuse_one_reason(self) -> None:
        """Raise an error if no photo went well, and work on all of them failed for one reason."""
        only = len(set(self.reasons)) == 1 and len(self.reasons) == len(self.out.failed)
        if only and not self.any_worked:
            raise OneReason(self.reasons[0])


class OneReason(ValueError):
    """The photos fail for one and the same reason, which lies in the settings."""


class TooManyFailed(ValueError):
    """More photos failed than may."""


@dataclass(frozen=True)
class WorkResult:
    """A work result is what the work on a photo gave.

    Attributes
    ----------
    record
        The record of the photo.
    failure
        The error of the work, or why there was nothing to work on; None if it went well.
    seconds
        How long the work took.
    """

    record: Record
    failure: Exception | Unread | None
    seconds: float


class Job:
    """A job works on photos and records them. It is used by the function `work_through`."""

    pool: ThreadPoolExecutor

    def __init__(self, out: Outcomes, work: Work, part: Path, patience: Patience) -> None:
        self.out, self.work, self.part, self.patience = out, work, part, patience
        self.waiting: deque[Future[None]] = deque()

    def work_on(self, given: tuple[Record, Batch | Unread]) -> WorkResult:
        """Work on a photo, and hand its files to the writers; several threads call this at once.

        They are handed over here, because a photo that is awaited must not hold up those before it.
        """
        record, read = given
        if isinstance(read, Unread):
            return WorkResult(record, read, 0.0)
        began = perf_counter()
        try:
            files = self.work(record, read)
        except _DEAD_DEVICE:
            raise
        except Exception as error:
            return WorkResult(record, error, perf_counter() - began)
        self.patience.any_worked = True
        seconds = perf_counter() - began
        self.waiting.append(self.pool.submit(self.write, record, files, seconds))
        return WorkResult(record, None, seconds)

    def accept(self, result: WorkResult) -> bool:
        """Record a failure, and return whether the work went well."""
        record, failure, seconds = result.record, result.failure, result.seconds
        if isinstance(failure, Unread):
            self.fail(record, ValueError(failure.reason), seconds)
            return False
        if failure is not None:
            self.patience.reasons.append(reason_of(failure))
            self.fail(record, failure, seconds)
            return False
        while len(self.waiting) > AHEAD:  # else a slow disk would fill the memory
            self.waiting.popleft().result()
        return True

    def write(self, record: Record, files: Files, seconds: float) -> None:
        """Write the files of a photo; none appears in its place before all are whole."""
        began = perf_counter()
        try:
            made = [self.write_unfinished(record, *each) for each in files.items()]
            sums = [checksum(unfinished) for unfinished, _ in made]
            for unfinished, file in made:
                move(unfinished, file)
        except Exception as error:
            if isinstance(error, OSError) and error.errno not in OF_ONE_PHOTO:
                raise  # of the disk
            self.fail(record, error, seconds)
            return
        outputs = dict(zip((file for _, file in made), sums, strict=True))
        self.out.record(record.id, outputs, seconds=seconds + perf_counter() - began)

    def write_unfinished(
        self, record: Record, ending: str, write: Callable[[Path], object]
    ) -> tuple[Path, Path]:
        """Write a file, and return where it is and where it belongs."""
        unfinished = place_below(self.part, record.id, ending)
        write(unfinished)
        return unfinished, self.out.file(record.id, ending)

    def fail(self, record: Record, error: Exception, seconds: float) -> None:
        """Record that a photo failed, and see whether the job may go on; see `Patience.check`."""
        self.out.record_failure(record.id, reason_of(error), seconds=seconds)
        self.patience.check(error)

    def finish(self) -> None:
        """Wait until all files are written; a full disk must not pass unseen."""
        for waiting in self.waiting:
            waiting.result()
        self.waiting.clear()


def reason_of(error: Exception) -> str:
    """Say in one line what happened to a photo; the name of a rare kind of error is told too."""
    text = next(iter(str(error).strip().splitlines()), "")
    if is_out_of_memory(error):
        return f"out of memory: make the photo smaller ({text or type(error).__name__})"
    usual = isinstance(error, ValueError | OSError | RuntimeError) and text
    return text if usual else f"{type(error).__name__}: {text}"


@contextmanager
def failures_listed(out: OutputFolder) -> Iterator[None]:
    """List the photos that failed when the block ends, or when too many of them end it."""
    try:
        yield
    except TooManyFailed:
        list_failures(out)
        raise
    list_failures(out)


def list_failures(out: OutputFolder) -> None:
    """Log one line per photo that failed, at most ten, and where all of them stand."""
    if not out.failed:
        return
    for place, reason in list(out.failed.items())[:LISTED]:
        logger.warning("%s", about(out.photos[place], reason))
    logger.warning(
        "%d of %d photos failed: %s has the reason of each; the same command tries them again",
        len(out.failed),
        len(out.own),
        out.manifest,
    )


def about(photo: str, reason: str) -> str:
    """Name a photo before the reason of its failure, unless the reason names it."""
    return reason if Path(photo).name in reason else f"{shortened(photo)}: {reason}"
