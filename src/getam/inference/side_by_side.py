"""On a processor, photos are worked on side by side, each by few threads.

Threads that share one small network wait for each other at every operation. If each thread has a
photo of its own, none waits, and a photo that is read or enlarged keeps no other thread idle.
"""

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

import torch

MOST = 16
"""At most so many photos are worked on at once, since each of them needs memory."""

Given = TypeVar("Given")
Result = TypeVar("Result")


def lanes_on(device: torch.device, *, crf: bool = False) -> int:
    """Return how many photos can be worked on at once.

    Parameters
    ----------
    device
        Where the network is. An accelerator takes one photo after the other.
    crf
        Whether the dense CRF runs on them. It needs so much memory that one photo has it alone.
    """
    if device.type != "cpu" or crf:
        return 1
    return min(torch.get_num_threads(), MOST)


def side_by_side(
    function: Callable[[Given], Result], items: Iterable[Given], *, lanes: int, count: int
) -> Generator[Result, None, None]:
    """Apply a function to items in several threads, and yield the results in their order.

    Parameters
    ----------
    function
        It is called in several threads at once, unless there is one lane. torch then computes with
        a share of the threads in each, and in this thread too. A context that holds in this thread
        alone, such as ``torch.autocast``, does not hold in them.
    items
        They are taken in this thread, at most twice as many as lanes before their results are.
    lanes
        At most so many threads call the function. With one, it is this thread.
    count
        The number of items, which need no more lanes.

    Raises
    ------
    Exception
        If the function raises it. What was not begun by then is left undone.
    """
    lanes = min(lanes, count)
    if lanes <= 1:
        yield from map(function, items)
        return
    with shared_threads(lanes) as each:
        pool = ThreadPoolExecutor(lanes, initializer=torch.set_num_threads, initargs=(each,))
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
def shared_threads(lanes: int) -> Iterator[int]:
    """Leave torch one lane's share of its threads within the block, and say how many these are."""
    before = torch.get_num_threads()
    each = max(1, before // lanes)
    torch.set_num_threads(each)
    try:
        yield each
    finally:
        torch.set_num_threads(before)
