"""A run that was asked to stop says so; the command line knows it without importing torch."""


class Stopped(Exception):
    """Training stopped on request after saving.

    Attributes
    ----------
    signal
        The signal number; a command exits with 128 + it.
    """

    def __init__(self, message: str, signal: int) -> None:
        super().__init__(message)
        self.signal = signal
