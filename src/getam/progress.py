"""This module shows how far a long loop is."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress

LINE_EVERY = 10.0  # seconds between lines where no bar is shown


@contextmanager
def counted(what: str, total: int) -> Iterator[Callable[[], None]]:
    """Yield a function that counts one of ``total`` things as done.

    A terminal shows a bar. Elsewhere, a line every ten seconds says how many are done. In any case,
    one line is printed to stderr when the loop ends. It tells how many were counted. If there is
    nothing to count, nothing is said.
    """
    console = Console(stderr=True)
    done, last_line = 0, time.monotonic()
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(what, total=total)

        def advance() -> None:
            nonlocal done, last_line
            done += 1
            bar.advance(task)
            if bar.disable and time.monotonic() - last_line > LINE_EVERY:
                last_line = time.monotonic()
                print(f"{what}: {done} of {total} done", file=sys.stderr, flush=True)

        yield advance
    if total:
        print(f"{what}: {done} done", file=sys.stderr, flush=True)
