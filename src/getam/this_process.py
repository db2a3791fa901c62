"""This module says what this process may use, and which of a training's processes it is.

One of the processes of a training speaks for all; who started them has set their numbers.

Variables such as ``RANK`` may also be left over from another program. They count only beside the
mark of torchrun, or beside our own mark, which names the process that started this one.
"""

import os

FIRST_PROCESS = "GETAM_FIRST_PROCESS"
"""Our own mark: the first process writes its own number here before it starts the others."""


def usable_cores() -> int:
    """Return the number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def by_torchrun() -> bool:
    """Say whether torchrun started this process."""
    return "TORCHELASTIC_RUN_ID" in os.environ


def by_first_process() -> bool:
    """Say whether another process of the same training started this one."""
    ours = os.environ.get(FIRST_PROCESS) == str(os.getppid())
    return ours and _number("LOCAL_RANK") > 0


def rank() -> int:
    """Return the number of this process in its training, from 0, before torch knows it."""
    if by_torchrun():
        return _number("RANK")
    return _number("LOCAL_RANK") if by_first_process() else 0


def is_first() -> bool:
    """Say whether this process prints, as the only one or the first of several."""
    return rank() == 0


def name(rank: int) -> str:
    """Return who is speaking in an error: getam, or another process of a training."""
    return f"getam (process {rank})" if rank else "getam"


def _number(variable: str) -> int:
    given = os.environ.get(variable, "0")
    return int(given) if given.isdecimal() else 0
