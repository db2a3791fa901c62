"""The random states of every device come back."""

import pytest
import torch

from getam.training.random_states import GENERATORS, random_states, set_random_states


class Accelerator:
    """This stands for ``torch.cuda`` or ``torch.mps``, with a generator of its own."""

    def __init__(self) -> None:
        self.generator = torch.Generator().manual_seed(7)
        self.get_rng_state = self.generator.get_state
        self.set_rng_state = self.generator.set_state

    def is_available(self) -> bool:
        return True

    def draw(self) -> torch.Tensor:
        return torch.rand(4, generator=self.generator)


@pytest.mark.parametrize("kind", ["cuda", "mps"])
def test_the_states_of_all_devices(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    accelerator = Accelerator()
    monkeypatch.setitem(GENERATORS, kind, accelerator)
    states = random_states()
    assert states.keys() == {"cpu", kind}
    drawn = torch.rand(4), accelerator.draw()
    set_random_states(states)
    assert torch.equal(torch.rand(4), drawn[0])
    assert torch.equal(accelerator.draw(), drawn[1])


def test_a_state_of_a_device_that_is_not_here_does_not_count() -> None:
    states = random_states()
    set_random_states({kind: torch.zeros(1) for kind in GENERATORS} | states)
    assert random_states().keys() == states.keys()
