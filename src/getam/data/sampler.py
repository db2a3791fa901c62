"""This module shuffles photos into batches; the place in the epoch can be saved and restored."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np
from torch.utils.data import Sampler

from getam.data.dataset import Draw


class ShuffledBatches(Sampler[list[Draw]]):
    """The sampler draws every photo at least once in an epoch, in a new order each time.

    All batches have the same size, and all epochs have the same length. If the photos do not fill
    the last batch, some are drawn once more. Each draw of a photo is changed at random in another
    way.

    The place moves with `advance`, not with the iteration: workers fetch ahead, and only batches
    that training has seen may count.

    Parameters
    ----------
    repeats
        [N], the mean number of draws of each photo in an epoch, at least 1. The fractional part is
        the probability of one more draw.
    batch_size
        Number of photos per batch and process.
    seed
        Seed of the orders. The epoch changes the order too.
    rank, world_size
        The number of this process, from 0, and the number of processes. Each process takes its
        part of every batch.
    """

    def __init__(
        self,
        repeats: np.ndarray,
        *,
        batch_size: int,
        seed: int,
        rank: int = 0,
        world_size: int = 1,
    ) -> None:
        if not len(repeats) or batch_size < 1:
            raise ValueError(
                f"repeats and batch_size must not be empty or zero, got {len(repeats)}, "
                f"{batch_size}"
            )
        self.repeats = repeats
        self.batch_size = batch_size
        self.seed = seed
        self.rank = rank
        self.world_size = world_size
        self.length = len(self) * self._step
        self.epoch = 0
        self.position = 0

    def __len__(self) -> int:
        """Return the number of batches of a whole epoch."""
        return -(-round(self.repeats.sum()) // self._step)

    def __iter__(self) -> Iterator[list[Draw]]:
        """Yield the batches from the present place to the end of the epoch."""
        draws = self._draws()
        for start in range(self.position, self.length, self._step):
            first = start + self.rank * self.batch_size
            yield draws[first : first + self.batch_size]

    def advance(self) -> None:
        """Count one batch as seen. After the last batch, the next epoch begins."""
        self.position += self._step
        if self.position >= self.length:
            self.epoch, self.position = self.epoch + 1, 0

    def state_dict(self) -> dict[str, Any]:
        """Return the place, and the seed and the sizes that it belongs to.

        The place is the epoch and the number of draws that all processes have seen in it.
        """
        return {
            "epoch": self.epoch,
            "position": self.position,
            "seed": self.seed,
            "photos": len(self.repeats),
            "length": self.length,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from the place that `state_dict` returned.

        Raises
        ------
        ValueError
            If the seed, the number of photos or the length of an epoch is another one. The order
            of the photos would differ.
        """
        own = self.state_dict()
        for name in ("seed", "photos", "length"):
            if state[name] != own[name]:
                raise ValueError(
                    f"the saved place has {name} {state[name]}, this run {own[name]}; "
                    "resume with the data, the batch size and the seed it began with"
                )
        self.epoch, self.position = state["epoch"], state["position"]

    @property
    def _step(self) -> int:
        return self.batch_size * self.world_size

    def _draws(self) -> list[Draw]:
        """Return all draws of the present epoch in their order."""
        generator = np.random.default_rng((self.seed, self.epoch))
        photos = np.arange(len(self.repeats))
        further = np.floor(self.repeats + generator.random(len(photos))).astype(int) - 1
        again = generator.permutation(np.repeat(photos, further))
        # The random number of draws varies, but every epoch must have the same length.
        filling = np.resize(generator.permutation(photos), self.length)
        again = np.concatenate([again, filling])[: self.length - len(photos)]
        order = generator.permutation(np.concatenate([photos, again])).tolist()
        turns: Counter[int] = Counter()
        draws = []
        for photo in order:
            draws.append(Draw(self.epoch, photo, turns[photo]))
            turns[photo] += 1
        return draws
