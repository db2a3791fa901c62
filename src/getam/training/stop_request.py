"""Ctrl-C and SIGTERM ask training to save and stop; they do not tear it down in mid-step."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from getam.ranks import largest_over_ranks


class StopRequest:
    """Remembers the signal that asked to stop, 0 if none did."""

    signal = 0

    def agreed(self) -> int:
        """Return the signal that any process of the run got; all must ask at the same step."""
        return largest_over_ranks(self.signal)


@contextmanager
def listen() -> Iterator[StopRequest]:
    """Listen for SIGINT and SIGTERM while the block runs; a second Ctrl-C acts as usual."""
    request = StopRequest()
    if threading.current_thread() is not threading.main_thread():
        yield request  # only the main thread may set handlers
        return

    def remember(number: int, _frame: FrameType | None) -> None:
        request.signal = number
        signal.signal(signal.SIGINT, previous[signal.SIGINT])

    previous = {s: signal.getsignal(s) for s in (signal.SIGINT, signal.SIGTERM)}
    for number in previous:
        signal.signal(number, remember)
    try:
        yield request
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
