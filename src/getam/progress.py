"""This module shows how far a long loop is."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress


@contextmanager
def counted(what: str, total: int) -> Iterator[Callable[[], None]]:
    """Yield a function that counts one of ``total`` things as done.

    A terminal shows a bar. In any case, one line is printed to stderr when the loop ends.
    """
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(what, total=total)
        yield lambda: bar.advance(task)
    print(f"{what}: {total} done", file=sys.stderr, flush=True)
