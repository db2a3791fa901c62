"""This module reads the photos of a source one by one, and no bad photo stops it.

A photo that cannot be read, that takes too long, or that ends the process which reads it, comes
out as `Unread` with the reason.
"""

import multiprocessing
import signal
import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from time import monotonic

from torch.utils.data import DataLoader, Dataset, Subset

from getam.data.dataset import PhotoDataset
from getam.data.loader import worker_options
from getam.data.sample import Batch, collate
from getam.data.source import Source

POLL = 1.0
"""So many seconds pass at most until the death of a reading process is seen."""


END = 5.0
"""So many seconds are waited for a killed process, which a disk that hangs can keep alive."""


@dataclass(frozen=True)
class Unread:
    """This stands for a photo that could not be read.

    Attributes
    ----------
    reason
        It says in one line what was wrong.
    """

    reason: str


class Broken(Exception):
    """The reading processes cannot go on with the photo that is awaited."""


class TooSlow(Broken):
    """The photo that is awaited takes longer than it may."""


def read_each(
    source: Source,
    *,
    long_side: int | None = None,
    multiple: int = 1,
    workers: int | None = None,
    time_limit: float | None = None,
) -> Generator[Batch | Unread, None, None]:
    """Yield every photo of a source as a batch of one, in the order of the source.

    A reading process that dies is replaced. If the photo that is awaited was its end, then that is
    seen when a new process reads this photo alone.

    Parameters
    ----------
    source
        The photos.
    long_side, multiple
        They say how large a photo is made; see `photo_loader`.
    workers
        The number of processes that read photos; None as in `shuffled_loader`. With 0, this
        process reads them itself. Then there is no time limit, and a decoder that crashes ends
        the program.
    time_limit
        So many seconds may be waited for a photo; None for no limit.
    """
    photos = Tolerant(PhotoDataset(source, long_side=long_side, multiple=multiple))
    begin = 0
    while begin < len(photos):
        try:
            for read in read_on(photos, range(begin, len(photos)), workers, time_limit):
                begin += 1
                yield read
        except TooSlow as slow:
            begin += 1
            yield Unread(str(slow))
        except Broken:  # perhaps by another photo that was read ahead
            begin += 1
            yield read_alone(photos, begin - 1, time_limit)


class Tolerant(Dataset[Batch | Unread]):
    """This dataset reads photos as batches of one, and returns what is wrong with a bad one."""

    def __init__(self, photos: PhotoDataset) -> None:
        self.photos = photos

    def __len__(self) -> int:
        """Return the number of photos."""
        return len(self.photos)

    def __getitem__(self, index: int) -> Batch | Unread:
        """Read one photo. It never raises an error about the photo."""
        try:
            return collate([self.photos[index]])
        except Exception as error:  # whatever a hostile photo provokes; memory that is short too
            return Unread(" ".join(str(error).split()) or type(error).__name__)


def read_alone(photos: Tolerant, index: int, time_limit: float | None) -> Batch | Unread:
    """Read one photo in a process of its own, whose end is then the fault of the photo."""
    try:
        return next(read_on(photos, range(index, index + 1), 1, time_limit))
    except Broken as broken:
        return Unread(str(broken))


def read_on(
    photos: Tolerant, indices: range, workers: int | None, time_limit: float | None
) -> Iterator[Batch | Unread]:
    """Yield photos as long as all goes well.

    Raises
    ------
    Broken
        If the photo that is awaited takes too long, or if a process died.
    """
    options = worker_options(workers) | {"collate_fn": unchanged}
    if options["num_workers"] == 0:
        yield from (photos[index] for index in indices)
        return
    wait = POLL if time_limit is None else min(POLL, time_limit)
    loader = DataLoader(Subset(photos, indices), batch_size=None, timeout=wait, **options)
    others = set(multiprocessing.active_children())
    reading = iter(loader)
    processes = set(multiprocessing.active_children()) - others
    with deaths_are_polled():
        try:
            for _ in indices:
                yield awaited(reading, processes, time_limit)
        finally:
            end(processes)


def end(processes: set[BaseProcess]) -> None:
    """Kill reading processes: one that hangs in a decoder takes no notice of a polite request."""
    for process in processes:
        process.kill()
    for process in processes:
        process.join(END)


def awaited(
    reading: Iterator[Batch | Unread], processes: set[BaseProcess], time_limit: float | None
) -> Batch | Unread:
    """Return the next photo.

    The process that was given this photo has nothing left to read before it, so a wait that is too
    long is the fault of this photo and of no other.

    Raises
    ------
    Broken
        If it takes too long, or if a process died.
    """
    began = monotonic()
    while True:
        try:
            return next(reading)
        except Exception as error:  # of the processes: errors of photos come as `Unread`
            if "timed out" not in str(error):
                raise Broken(last_words(processes)) from None
            if time_limit is not None and monotonic() - began >= time_limit:
                raise TooSlow(f"it was not read within {time_limit:g} seconds") from None


def last_words(processes: set[BaseProcess]) -> str:
    """Say how a reading process ended."""
    codes = [code for process in processes if (code := process.exitcode)]
    how = f" ({signal.Signals(-codes[0]).name})" if codes and codes[0] < 0 else ""
    return f"the process that read it ended{how}"


@contextmanager
def deaths_are_polled() -> Iterator[None]:
    """Keep torch from raising an error wherever the program is when a reading process dies.

    Such an error would hit the network, or a file that is written. `POLL` sees the death as well.
    """
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "SIGCHLD"):
        yield  # torch sets its handler nowhere else
        return
    before = signal.getsignal(signal.SIGCHLD)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(signal.SIGCHLD, before)


def unchanged(read: Batch | Unread) -> Batch | Unread:
    """Return what was read, since it is a batch already."""
    return read
