"""Processes begin with the same weights, average gradients, and notice when they differ."""

import pytest
import torch
from together import together
from torch import nn

from getam.ranks import rank
from getam.training.shared_weights import (
    average_gradients,
    bit_sum,
    check_equal_weights,
    copy_from_first,
)


def learner():
    """Two layers that differ between the processes; the second never gets a gradient."""
    torch.manual_seed(rank())
    return nn.Sequential(nn.Linear(3, 2), nn.BatchNorm2d(4))


def story():
    module = learner()
    copy_from_first(module)
    begun = bit_sum(module[0].weight).item()
    check_equal_weights(module)
    (module[0](torch.ones(1, 3)).sum() * (rank() + 1)).backward()
    average_gradients(module.parameters())
    gradients = [None if p.grad is None else p.grad.flatten().tolist() for p in module.parameters()]
    said = []
    for tensor in (module[1].running_mean, module[0].bias.data):
        check_equal_weights(module)
        before = tensor.clone()
        if rank() == 1:
            tensor[1] = torch.nextafter(tensor[1], torch.tensor(9.0))
        with pytest.raises(RuntimeError) as error:
            check_equal_weights(module)
        said.append(str(error.value))
        tensor.copy_(before)
    return begun, gradients, said


def test_two_processes_keep_one_set_of_weights():
    first, second = together(story)
    assert first == second
    begun, gradients, said = first
    assert begun == bit_sum(learner()[0].weight)  # what the first process had
    assert gradients == [[1.5] * 6, [1.5] * 2, None, None]
    assert "1.running_mean of process 1 differs from that of process 0" in said[0]
    assert "0.bias of process 1" in said[1]


def test_alone_nothing_changes():
    module = learner()
    module[0](torch.ones(1, 3)).sum().backward()
    copy_from_first(module)
    average_gradients(module.parameters())
    check_equal_weights(module)
    assert module[0].bias.grad.tolist() == [1, 1]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16, torch.int64])
def test_the_sum_sees_one_bit(dtype):
    values = torch.arange(5).to(dtype)
    other = values.clone()
    other[3] = 2
    assert bit_sum(values) != bit_sum(other)
    assert bit_sum(torch.tensor(1, dtype=dtype)) != bit_sum(torch.tensor(2, dtype=dtype))
