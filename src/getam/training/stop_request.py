"""Ctrl-C, SIGTERM and SIGUSR1 ask training to save and stop; none tears it down in mid-step.

SIGUSR1 is what batch systems such as SLURM are often told to send before the time of a job is over.
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from getam.ranks import largest_over_ranks
from getam.stopped import Stopped

STOPS = tuple(
    signal.Signals[name] for name in ("SIGINT", "SIGTERM", "SIGUSR1") if hasattr(signal, name)
)
"""Windows does not have all of them."""


class StopRequest:
    """A stop request remembers the signal that asked to stop, 0 if none did."""

    signal = 0
    saved = ""  # what is said if the process stops at once, while nothing is there to be saved

    @contextmanager
    def at_once(self, saved: str) -> Iterator[None]:
        """Let a signal raise `Stopped` with these words while the block runs, in mid-step."""
        if self.signal:
            raise Stopped(saved, self.signal)
        self.saved = saved
        try:
            yield
        finally:
            self.saved = ""

    def agreed(self) -> int:
        """Return the signal that any process of the run got; all must ask at the same step."""
        return largest_over_ranks(self.signal)


@contextmanager
def listen() -> Iterator[StopRequest]:
    """Listen for the signals of `STOPS` while the block runs; a second Ctrl-C acts as usual."""
    request = StopRequest()
    if threading.current_thread() is not threading.main_thread():
        yield request  # only the main thread may set handlers
        return

    def remember(number: int, _frame: FrameType | None) -> None:
        request.signal = number
        signal.signal(signal.SIGINT, previous[signal.SIGINT])
        if request.saved:
            raise Stopped(request.saved, number)

    previous = {s: signal.getsignal(s) for s in STOPS}
    for number in previous:
        signal.signal(number, remember)
    try:
        yield request
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
