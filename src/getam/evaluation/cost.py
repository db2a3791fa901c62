"""This module measures the time of a call and the memory of the tensors that it makes."""

import time
import weakref
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

MEBIBYTE = 2**20


@dataclass(frozen=True)
class Cost:
    """A cost holds the time and the memory that a call needed.

    Attributes
    ----------
    seconds
        Time until the accelerator, if there is one, has finished too.
    mebibytes
        Largest memory that tensors made during the call held at one time, on all devices. Memory
        that a kernel needs only inside itself is not seen.
    """

    seconds: float
    mebibytes: float


def cost_of(function: Callable[[], object]) -> Cost:
    """Run a function twice, once to measure its time and once to measure its memory.

    Examples
    --------
    >>> cost_of(lambda: torch.zeros(2**18)).mebibytes
    1.0
    """
    wait_for_accelerator()
    began = time.perf_counter()
    function()
    wait_for_accelerator()
    seconds = time.perf_counter() - began
    with TensorMemory() as memory:
        function()
    return Cost(seconds, memory.peak / MEBIBYTE)


def wait_for_accelerator() -> None:
    """Wait until all work on an accelerator is done."""
    if torch.accelerator.is_available():
        torch.accelerator.synchronize()


class TensorMemory(TorchDispatchMode):
    """This context counts the bytes of the live tensors that are made inside it.

    Attributes
    ----------
    peak
        Largest number of bytes that were alive at one time.
    """

    def __init__(self) -> None:
        super().__init__()
        self.peak = 0
        self.sizes: dict[int, int] = {}  # bytes of each live storage, by its address

    def __torch_dispatch__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],  # noqa: ARG002  (torch passes it)
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        result = func(*args, **kwargs)
        # A view of an argument is no new memory, even if the argument is older than the context.
        given = {storage._cdata for storage in storages((args, kwargs))}
        for storage in storages(result):
            if storage._cdata not in given and storage._cdata not in self.sizes:
                self.sizes[storage._cdata] = storage.nbytes()
                weakref.finalize(storage, self.sizes.pop, storage._cdata, None)
        self.peak = max(self.peak, sum(self.sizes.values()))
        return result


def storages(tree: object) -> list[torch.UntypedStorage]:
    """Return the storages of all tensors in nested tuples, lists and dictionaries."""
    return [leaf.untyped_storage() for leaf in tree_leaves(tree) if isinstance(leaf, Tensor)]
