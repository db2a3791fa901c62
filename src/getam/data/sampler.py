"""Shuffled batches whose place in the epoch can be saved and taken up again."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np
from torch.utils.data import Sampler

from getam.data.dataset import Draw


class ShuffledBatches(Sampler[list[Draw]]):
    """Batches of a new order in every epoch, in which every photo is drawn at least once.

    All batches have the same size and all epochs the same length. Where the photos do not fill the
    last batch, some are drawn a second time; a further draw of a photo is changed at random in
    another way than the first.

    The place moves with `advance`, not with the iteration: workers fetch ahead, and only batches
    that training has seen may count.

    Parameters
    ----------
    repeats
        [N] how often each photo is drawn in an epoch, on average; at least 1. The fractional part
        is the probability of one more draw.
    batch_size
        Photos per batch and process.
    seed
        Decides the orders, together with the epoch.
    rank, world_size
        Number of this process and of all; each takes its slice of every batch.
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
        """Count the batches of a whole epoch."""
        return -(-round(self.repeats.sum()) // self._step)

    def __iter__(self) -> Iterator[list[Draw]]:
        """Yield the batches from the present place to the end of the epoch."""
        draws = self._draws()
        for start in range(self.position, self.length, self._step):
            first = start + self.rank * self.batch_size
            yield draws[first : first + self.batch_size]

    def advance(self) -> None:
        """Count one batch as seen; after the last one the next epoch begins."""
        self.position += self._step
        if self.position >= self.length:
            self.epoch, self.position = self.epoch + 1, 0

    def state_dict(self) -> dict[str, Any]:
        """Return the place: draws seen in this epoch by all processes, epoch, seed, sizes."""
        return {
            "epoch": self.epoch,
            "position": self.position,
            "seed": self.seed,
            "photos": len(self.repeats),
            "length": self.length,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take up the place of `state_dict`.

        Raises
        ------
        ValueError
            If it comes from another seed, other photos or batches of another size: the order would
            differ.
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
        # Cut, or filled up with photos drawn evenly, so that every epoch has the same length.
        filling = np.resize(generator.permutation(photos), self.length)
        again = np.concatenate([again, filling])[: self.length - len(photos)]
        order = generator.permutation(np.concatenate([photos, again])).tolist()
        turns: Counter[int] = Counter()
        draws = []
        for photo in order:
            draws.append(Draw(self.epoch, photo, turns[photo]))
            turns[photo] += 1
        return draws
