"""The random states of a process are those of torch's generators: processor and accelerator."""

from typing import Any

import torch
from torch import Tensor

GENERATORS: dict[str, Any] = {"cuda": torch.cuda, "mps": torch.mps}
"""The module of each kind of accelerator, which gets and sets the state of its generator."""


def random_states() -> dict[str, Tensor]:
    """Return the states of torch's generators in this process, by the kind of their device."""
    found = {kind: module.get_rng_state() for kind, module in GENERATORS.items() if is_here(kind)}
    return {"cpu": torch.get_rng_state(), **found}


def set_random_states(states: dict[str, Tensor]) -> None:
    """Set the states of `random_states`, as far as this machine has such devices."""
    torch.set_rng_state(states["cpu"])
    for kind, module in GENERATORS.items():
        if kind in states and is_here(kind):
            module.set_rng_state(states[kind])


def is_here(kind: str) -> bool:
    """Return whether this machine has a kind of accelerator."""
    return bool(GENERATORS[kind].is_available())
