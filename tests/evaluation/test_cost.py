"""Cost: memory of calls whose tensors are known."""

import time

import torch

from getam.evaluation import cost_of
from getam.evaluation.cost import MEBIBYTE, TensorMemory


def test_the_peak_is_what_was_alive_together():
    before = torch.ones(MEBIBYTE // 4)  # made outside: free

    def call():
        a = before + 1  # 1 MiB
        b = a * 2  # 2 MiB together
        del a
        c = b.view(2, -1).mT  # a view: nothing
        return (c.mT @ c).sum() + before[:10].sum()  # 2 x 2 and less

    with TensorMemory() as memory:
        call()
        call()
    assert memory.peak == 2 * MEBIBYTE
    assert sum(memory.sizes.values()) == 0


def test_the_backward_pass_counts():
    weight = torch.ones(512, 512, requires_grad=True)  # 1 MiB
    images = torch.ones(512, 512)

    def call():
        torch.autograd.grad((images @ weight).square().sum(), weight)

    assert cost_of(call).mebibytes >= 3


def test_seconds_are_those_of_one_call():
    assert 0.02 <= cost_of(lambda: time.sleep(0.02)).seconds < 0.04 + 0.2
