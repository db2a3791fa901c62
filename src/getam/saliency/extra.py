"""A package that is missing is named together with the extra that brings it."""

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def needs(extra: str) -> Iterator[None]:
    """Turn the error for a missing package into one line that says how to install it.

    Parameters
    ----------
    extra
        The extra of getam that brings the package, which is named like the provider.

    Raises
    ------
    ValueError
        If the block raises a ModuleNotFoundError.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        raise ValueError(
            f'saliency: {extra} needs the package {error.name}: pip install "getam[{extra}]"'
        ) from error
