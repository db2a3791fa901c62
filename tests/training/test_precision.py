"""The number format that is fast here is found by running a block in both."""

import time

import pytest
import torch
from torch import nn

from getam.training.precision import REPEATS, fast_precision, run, seconds

WIDTH = 8


@pytest.fixture(autouse=True)
def capability(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Let the processor say that it has AVX-512, so that both formats are tried on all machines."""
    monkeypatch.setattr("torch.backends.cpu.get_cpu_capability", lambda: "AVX512")
    return monkeypatch


class Block(nn.Module):
    """A block that is slow in the formats named, and remembers in which it ran."""

    def __init__(self, *slow: torch.dtype) -> None:
        super().__init__()
        self.linear = nn.Linear(WIDTH, WIDTH)
        self.slow = slow
        self.ran: list[torch.dtype] = []

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        output = self.linear(tokens)
        self.ran.append(output.dtype)
        if output.dtype in self.slow:
            time.sleep(0.05)
        return output


@pytest.mark.parametrize(
    ("slow", "expected"), [(torch.bfloat16, "32-true"), (torch.float32, "bf16-mixed")]
)
def test_the_slow_format_is_left(slow: torch.dtype, expected: str) -> None:
    block = Block(slow)
    assert fast_precision(block, torch.device("cpu"), width=WIDTH) == expected
    assert set(block.ran) == {torch.float32, torch.bfloat16}
    assert all(parameter.grad is None for parameter in block.parameters())


def test_equal_times_are_no_reason_to_round() -> None:
    both = Block(torch.float32, torch.bfloat16)
    assert fast_precision(both, torch.device("cpu"), width=WIDTH) == "32-true"


def test_a_processor_with_avx2_alone_is_not_made_to_try(capability: pytest.MonkeyPatch) -> None:
    capability.setattr("torch.backends.cpu.get_cpu_capability", lambda: "AVX2")
    block = Block(torch.float32)
    assert fast_precision(block, torch.device("cpu"), width=WIDTH) == "32-true"
    assert not block.ran


def test_a_device_that_is_not_known_takes_single_precision() -> None:
    block = Block()
    assert fast_precision(block, torch.device("meta"), width=WIDTH) == "32-true"
    assert not block.ran


def test_a_block_runs_in_the_format_asked_for() -> None:
    block, tokens = Block(), torch.ones(1, 2, WIDTH)
    run(block, tokens, half=False)
    run(block, tokens, half=True)
    assert block.ran == [torch.float32, torch.bfloat16]
    assert not tokens.requires_grad


def test_the_first_time_does_not_count_and_no_random_number_is_used_up() -> None:
    calls = []

    def work() -> None:
        calls.append(torch.rand(1))
        time.sleep(0.2 if len(calls) < 3 else 0)

    state = torch.get_rng_state()
    assert max(seconds(work, work)) < 0.2
    assert len(calls) == 2 * (1 + REPEATS)
    assert torch.equal(torch.get_rng_state(), state)
