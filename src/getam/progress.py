"""How far a long loop is: a bar on a terminal, a closing line elsewhere."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress


@contextmanager
def counted(what: str, total: int) -> Iterator[Callable[[], None]]:
    """Show how many of ``total`` things are done; yields the function that counts one."""
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(what, total=total)
        yield lambda: bar.advance(task)
    print(f"{what}: {total} done", file=sys.stderr, flush=True)
