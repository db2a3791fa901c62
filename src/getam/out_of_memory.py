"""Memory may be short in many ways, and Python, torch and the system each have words for it."""

import re
from errno import ENOMEM

_WORDS = re.compile(r"out of (shared )?memory|allocate memory|ALLOC_FAILED", re.IGNORECASE)


def is_out_of_memory(error: BaseException) -> bool:
    """Say whether an error means that memory is short, of the processor or of a GPU.

    Examples
    --------
    >>> is_out_of_memory(RuntimeError("DefaultCPUAllocator: can't allocate memory"))
    True
    >>> is_out_of_memory(ValueError("there is no photo out of memory.png"))
    False
    """
    if isinstance(error, OSError):
        return error.errno == ENOMEM
    by_torch = isinstance(error, RuntimeError) and _WORDS.search(str(error)) is not None
    return by_torch or isinstance(error, MemoryError)
