"""On a processor several photos, or maps of one photo, are worked on at once, each in a lane.

A lane is a Python thread with its share of torch's compute threads. Compute threads that share one
small network wait for each other at every operation. With a lane for each photo they seldom wait,
and the others go on while one photo is read or enlarged.
"""

import math
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

import torch

from getam.data import Batch, Source
from getam.model import Model, photos_for

MAX_LANES = 8
"""There are no more lanes, because every photo that is labelled needs half a gigabyte or more."""

Item = TypeVar("Item")
Result = TypeVar("Result")


def lanes_on(device: torch.device, *, crf: bool = False) -> int:
    """Return the number of lanes.

    Parameters
    ----------
    device
        Where the network is. An accelerator takes one photo after the other.
    crf
        Whether the dense CRF runs on the photos. It needs so much memory that one has it alone.
    """
    if device.type != "cpu" or crf:
        return 1
    threads = torch.get_num_threads()
    return threads // math.ceil(threads / MAX_LANES)  # each lane has as many threads as any other


def for_each_photo(
    function: Callable[[Batch], Result],
    model: Model,
    source: Source,
    *,
    crf: bool = False,
    workers: int | None = None,
) -> Generator[Result, None, None]:
    """Apply a function to the photos of a source in lanes, and yield the results in their order.

    Parameters
    ----------
    function
        It is given every photo as a batch of one; see :func:`getam.model.photos_for`.
    model
        The model whose device and view the photos are read for.
    source
        The photos.
    crf
        Whether the function runs the dense CRF.
    workers
        Number of processes that read photos.
    """
    photos = photos_for(model, source, workers=workers)
    lanes = lanes_on(model.device, crf=crf)
    yield from side_by_side(function, photos, lanes=lanes, count=len(source))


def side_by_side(
    function: Callable[[Item], Result], items: Iterable[Item], *, lanes: int, count: int
) -> Generator[Result, None, None]:
    """Apply a function to items in lanes, and yield the results in the order of the items.

    While results are taken, torch in the calling thread has the share of one lane too.

    Parameters
    ----------
    function
        With several lanes it is called in several threads at once, and must allow that. A context
        of the calling thread, such as ``torch.autocast``, does not reach it.
    items
        The calling thread takes them, at most ``2 * lanes`` ahead of the results.
    lanes
        The number of lanes. With one, the calling thread does the work.
    count
        The number of items. If they are fewer than the lanes, each gets more compute threads.

    Raises
    ------
    Exception
        What the function raises for an item. Items that were not begun are left undone.
    """
    lanes = min(lanes, count)
    if lanes <= 1:
        yield from map(function, items)
        return
    with thread_share(lanes) as share:
        pool = ThreadPoolExecutor(lanes, initializer=torch.set_num_threads, initargs=(share,))
        waiting: deque[Future[Result]] = deque()
        try:
            for item in items:
                waiting.append(pool.submit(function, item))
                if len(waiting) == 2 * lanes:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)


@contextmanager
def thread_share(lanes: int) -> Iterator[int]:
    """Give torch the share of one lane of its threads within the block, and yield their number."""
    before = torch.get_num_threads()
    share = max(1, before // lanes)
    torch.set_num_threads(share)
    try:
        yield share
    finally:
        torch.set_num_threads(before)
