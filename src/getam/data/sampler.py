"""Shuffled batches whose place in the epoch can be saved and taken up again."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from torch.utils.data import Sampler

from getam.data.dataset import Draw


class ShuffledBatches(Sampler[list[Draw]]):
    """Batches of a new order in every epoch; a tail shorter than a batch is left out.

    The place moves with `advance`, not with the iteration: workers fetch ahead, and only batches
    that training has seen may count.

    Parameters
    ----------
    length
        Number of photos. If they do not fill one batch, some are taken twice.
    batch_size
        Photos per batch and process.
    seed
        Decides the orders, together with the epoch.
    rank, world_size
        Number of this process and of all; each takes its slice of every batch.
    """

    def __init__(
        self, length: int, *, batch_size: int, seed: int, rank: int = 0, world_size: int = 1
    ) -> None:
        if length < 1 or batch_size < 1:
            raise ValueError(f"length and batch_size must be positive, got {length}, {batch_size}")
        self.length = length
        self.batch_size = batch_size
        self.seed = seed
        self.rank = rank
        self.world_size = world_size
        self.epoch = 0
        self.position = 0

    def __len__(self) -> int:
        """Count the batches of a whole epoch."""
        return max(1, self.length // self._step)

    def __iter__(self) -> Iterator[list[Draw]]:
        """Yield the batches from the present place to the end of the epoch."""
        order = np.resize(self._order(), max(self.length, self._step)).tolist()
        for start in range(self.position, len(order) - self._step + 1, self._step):
            first = start + self.rank * self.batch_size
            yield [Draw(self.epoch, i) for i in order[first : first + self.batch_size]]

    def advance(self) -> None:
        """Count one batch as seen; after the last one the next epoch begins."""
        self.position += self._step
        if self.position + self._step > max(self.length, self._step):
            self.epoch, self.position = self.epoch + 1, 0

    def state_dict(self) -> dict[str, Any]:
        """Return the place: photos seen in this epoch by all processes, epoch, seed, length."""
        return {
            "epoch": self.epoch,
            "position": self.position,
            "seed": self.seed,
            "length": self.length,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take up the place of `state_dict`.

        Raises
        ------
        ValueError
            If it comes from another seed or another number of photos: the order would differ.
        """
        for name in ("seed", "length"):
            if state[name] != getattr(self, name):
                raise ValueError(
                    f"the saved place has {name} {state[name]}, this run {getattr(self, name)}; "
                    "resume with the data and the seed it began with"
                )
        self.epoch, self.position = state["epoch"], state["position"]

    @property
    def _step(self) -> int:
        return self.batch_size * self.world_size

    def _order(self) -> np.ndarray:
        generator = np.random.default_rng((self.seed, self.epoch))
        return generator.permutation(self.length)
