"""One of the processes of a training speaks for all; who started them has set their numbers."""

import os


def rank() -> int:
    """Return the number of this process, from 0; torchrun or Lightning Fabric has set it."""
    given = os.environ.get("RANK", os.environ.get("LOCAL_RANK", "0"))
    return int(given) if given.isdecimal() else 0


def is_first() -> bool:
    """Say whether this process prints, as the only one or the first of several."""
    return rank() == 0


def name() -> str:
    """Return who is speaking in an error: getam, or another process of a training."""
    return "getam" if is_first() else f"getam (process {rank()})"
