"""Several processes train one network together; these sums and means are taken over all of them.

Each process has a number from 0, its *rank*. Where there is only one process, every function here
returns at once what it was given, and nothing is sent or waited for.

Numbers that lie on the processor go through a group of their own (gloo), because nccl, which serves
GPUs, takes no others, and because a GPU then need not be waited for.
"""

from datetime import timedelta
from functools import cache
from typing import Any, TypeVar

import torch
from torch import Tensor, distributed

Value = TypeVar("Value")

PATIENCE = timedelta(days=1)
"""So long a process waits for another one that works alone, as when the first makes maps or scores.

One that has died is not waited for: whoever started the processes ends the others."""


def world_size() -> int:
    """Return the number of processes that train together, 1 if there is only this one."""
    there = distributed.is_available() and distributed.is_initialized()
    return distributed.get_world_size() if there else 1


def rank() -> int:
    """Return the number of this process, from 0."""
    return distributed.get_rank() if world_size() > 1 else 0


def is_first() -> bool:
    """Say whether this is the process that writes and logs."""
    return rank() == 0


def sum_over_ranks(tensor: Tensor) -> Tensor:
    """Return the sum of a tensor over all processes, on its device and without a gradient."""
    if world_size() == 1:
        return tensor
    total = tensor.detach().clone()
    distributed.all_reduce(total, group=_group_of(total))
    return total


def mean_over_ranks(tensor: Tensor) -> Tensor:
    """Return the mean of a tensor over all processes, through which gradients flow."""
    if world_size() == 1:
        return tensor
    mean: Tensor = _Sum.apply(tensor) / world_size()
    return mean


def largest_over_ranks(number: int) -> int:
    """Return the largest of the numbers that the processes give."""
    if world_size() == 1:
        return number
    largest = torch.tensor(number)
    distributed.all_reduce(largest, distributed.ReduceOp.MAX, group=cpu_group())
    return int(largest)


def gather(value: Value) -> list[Value]:
    """Return the values of all processes in the order of their ranks."""
    if world_size() == 1:
        return [value]
    values: list[Any] = [None] * world_size()
    distributed.all_gather_object(values, value, group=cpu_group())
    return values


def from_first(value: Value) -> Value:
    """Return the value that the first process gives."""
    return gather(value)[0]


@cache
def cpu_group() -> Any:
    """Return the group for numbers on the processor; all processes must ask for it together."""
    if distributed.get_backend() == "gloo":
        return distributed.group.WORLD
    return distributed.new_group(backend="gloo", timeout=PATIENCE)


def _group_of(tensor: Tensor) -> Any:
    return cpu_group() if tensor.device.type == "cpu" else None


class _Sum(torch.autograd.Function):
    """The gradient of a sum over processes is the sum of their gradients."""

    @staticmethod
    def forward(_ctx: Any, tensor: Tensor) -> Tensor:
        return sum_over_ranks(tensor)

    @staticmethod
    def backward(_ctx: Any, grad_output: Tensor) -> Tensor:
        return sum_over_ranks(grad_output)
