"""A command that was asked to stop says so; the command line knows it without importing torch."""


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
