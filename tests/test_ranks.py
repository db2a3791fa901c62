"""Sums and means over two processes, and nothing at all in one."""

import torch
from together import together

from getam.ranks import (
    from_first,
    gather,
    is_first,
    largest_over_ranks,
    mean_over_ranks,
    rank,
    sum_over_ranks,
    world_size,
)


def alone():
    """What every function says to the number of a process + 1, and gradients of a mean."""
    given = torch.tensor([rank() + 1.0], requires_grad=True)
    mean = mean_over_ranks(given)
    (mean * (rank() + 3)).sum().backward()
    return {
        "who": (rank(), world_size(), is_first()),
        "sum": sum_over_ranks(given).item(),
        "mean": mean.item(),
        "gradient": given.grad.item(),
        "largest": largest_over_ranks(rank() * 7),
        "gather": gather(f"process {rank()}"),
        "first": from_first(rank() + 5),
        "kept": given.item(),
    }


def test_one_process_gets_back_what_it_gave():
    tensor = torch.ones(2)
    assert sum_over_ranks(tensor) is tensor
    assert mean_over_ranks(tensor) is tensor
    said = alone()
    assert said["who"] == (0, 1, True)
    assert said["gradient"] == 3
    assert said["gather"] == ["process 0"]


def test_two_processes():
    first, second = together(alone)
    assert (first["who"], second["who"]) == ((0, 2, True), (1, 2, False))
    for number, said in enumerate((first, second)):
        assert said["sum"] == 3
        assert said["mean"] == 1.5
        # The mean has half of each number, and both processes multiply it: by 3 and by 4.
        assert said["gradient"] == (3 + 4) / 2
        assert said["largest"] == 7
        assert said["gather"] == ["process 0", "process 1"]
        assert said["first"] == 5
        assert said["kept"] == number + 1
