"""A command that was asked to stop says so; the command line knows it without importing torch."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Stopped(Exception):
    """A command stopped on request, after it saved or removed what it had to.

    Attributes
    ----------
    signal
        The signal number; a command exits with 128 + it.
    """

    def __init__(self, message: str, signal: int) -> None:
        super().__init__(message)
        self.signal = signal


class Terminated(KeyboardInterrupt):
    """SIGTERM came. Like Ctrl-C, it lets every block on the way out clean up."""


@contextmanager
def terminable() -> Iterator[None]:
    """Let SIGTERM raise :class:`Terminated` while the block runs, instead of ending the process."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may set handlers
        return

    def terminate(_number: int, _frame: FrameType | None) -> None:
        raise Terminated

    previous = signal.signal(signal.SIGTERM, terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)
