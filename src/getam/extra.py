"""A package that is missing is named together with the extra that brings it."""

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def needs(extra: str, *, asked: str) -> Iterator[None]:
    """Turn the error for a missing package into one line that says how to install it.

    Parameters
    ----------
    extra
        The extra of getam that brings the package.
    asked
        What needs the package, as the message shall name it: the option and its value.

    Raises
    ------
    ValueError
        If the block raises a ModuleNotFoundError.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        raise ValueError(
            f'{asked} needs the package {error.name}: pip install "getam[{extra}]"'
        ) from error
