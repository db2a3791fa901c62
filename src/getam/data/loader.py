"""This module loads batches with worker processes, for training and for prediction."""

from collections.abc import Iterator
from typing import Any

import torch
from torch.utils.data import DataLoader, Dataset

from getam.data.ahead import copied_ahead
from getam.data.dataset import PhotoDataset, TrainDataset
from getam.data.repeat_factors import repeat_factors
from getam.data.sample import Batch, collate
from getam.data.sampler import ShuffledBatches
from getam.data.source import Source
from getam.data.transform import TrainTransform
from getam.data.worker_signals import leave_signals
from getam.this_process import usable_cores

WORKERS_A_PROCESSOR = 16  # workers that wait for a disk need little of a processor


BATCH_TIMEOUT = 600.0
"""So many seconds are waited for a batch that workers read. A disk may stall for long."""

WORKER_HANGS = (
    f"no photo was read within {BATCH_TIMEOUT:g} seconds: a photo hangs its decoder, or the disk "
    "hangs; see which, and go on with --resume"
)
WORKER_DIED = (
    "a process that reads photos was killed: if memory is short, give fewer --workers or make the "
    "photos smaller"
)


class BatchLoader(DataLoader):
    """A batch loader yields `Batch` objects and says in one line which photo cannot be read.

    Parameters
    ----------
    dataset
        The photos.
    device
        Where the batches are wanted; see `copied_ahead`.
    options
        Those of torch's ``DataLoader``.
    """

    def __init__(
        self, dataset: Dataset, *, device: torch.device | str = "cpu", **options: Any
    ) -> None:
        self.device = torch.device(device)
        super().__init__(
            dataset,
            pin_memory=self.device.type == "cuda",
            timeout=BATCH_TIMEOUT if options.get("num_workers") else 0,
            **options,
        )

    def __iter__(self) -> Iterator[Batch]:  # type: ignore[override]
        """Yield the batches.

        Raises
        ------
        FileNotFoundError, ValueError, RuntimeError
            If a photo cannot be read or changed, or if a worker died.
        """
        try:
            yield from copied_ahead(super().__iter__(), self.device)
        except (OSError, ValueError, RuntimeError) as error:
            raise plain_error(error) from None


class TrainLoader(BatchLoader):
    """A training loader yields the rest of an epoch each time that it is iterated.

    It knows its place in the epoch, so that a run can be resumed.
    """

    batch_sampler: ShuffledBatches

    def __iter__(self) -> Iterator[Batch]:  # type: ignore[override]
        """Yield the batches from the present place to the end of the epoch."""
        for batch in super().__iter__():
            self.batch_sampler.advance()
            yield batch

    def state_dict(self) -> dict[str, Any]:
        """Return the place in the epoch after the batch that was yielded last."""
        return self.batch_sampler.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from the place that `state_dict` returned.

        Raises
        ------
        ValueError
            If the place belongs to other data; see `ShuffledBatches.load_state_dict`.
        """
        self.batch_sampler.load_state_dict(state)


def train_loader(
    source: Source,
    *,
    crop: int,
    seed: int,
    scale: tuple[float, float] = (0.9, 1 / 0.875),
    flip: float = 0.5,
    jitter: float = 0.0,
    **drawing: Any,
) -> TrainLoader:
    """Make the loader for training, which yields random crops with labels and corrected masks.

    Parameters
    ----------
    source
        The photos. Those about which nothing is known are left out; see `Source.for_training`.
    crop, scale, flip, jitter
        See `TrainTransform`.
    seed
        Seed of the order and the random changes. Neither depends on the number of workers.
    **drawing
        The batch size and the other arguments of `shuffled_loader`.

    Returns
    -------
    TrainLoader
        The loader. Its ``len`` is the number of batches of a whole epoch.

    Raises
    ------
    ValueError
        If no photo has a label, or a class is in no photo.
    """
    source = source.for_training()
    transform = TrainTransform(crop, scale=scale, flip=flip, jitter=jitter)
    crops = TrainDataset(source, transform, seed=seed)
    return shuffled_loader(crops, source, seed=seed, **drawing)


def shuffled_loader(
    dataset: Dataset,
    source: Source,
    *,
    batch_size: int,
    seed: int,
    workers: int | None = None,
    balance: float = 0.0,
    corrected_factor: float = 1.0,
    rank: int = 0,
    world_size: int = 1,
    device: torch.device | str = "cpu",
) -> TrainLoader:
    """Make the loader for training of any data set that is indexed by a `Draw`.

    Parameters
    ----------
    dataset
        The samples.
    source
        The photos of the data set, which say how often each is drawn.
    batch_size
        Number of photos per batch and process.
    seed
        Seed of the order.
    workers
        Number of worker processes. None takes two, or one on a single processor.
    balance
        How much more often photos of rare classes are drawn: the power of `repeat_factors`. With
        0, every photo is drawn equally often.
    corrected_factor
        How much more often photos with a corrected mask are drawn.
    rank, world_size
        The number of this process, from 0, and how many processes a distributed run has.
    device
        Where the batches are wanted; see `copied_ahead`.
    """
    repeats = repeat_factors(source, balance, corrected=corrected_factor)
    sampler = ShuffledBatches(
        repeats, batch_size=batch_size, seed=seed, rank=rank, world_size=world_size
    )
    return TrainLoader(
        dataset,
        batch_sampler=sampler,
        device=device,
        persistent_workers=workers != 0,
        **worker_options(workers),
    )


def photo_loader(
    source: Source,
    *,
    long_side: int | None = None,
    multiple: int = 1,
    batch_size: int = 1,
    workers: int | None = None,
    device: torch.device | str = "cpu",
) -> BatchLoader:
    """Make a loader of whole photos in the order of the source, for prediction and scoring.

    Parameters
    ----------
    source
        The photos.
    long_side, multiple
        See `PhotoDataset`.
    batch_size
        Number of photos per batch. Photos of different sizes are padded to the largest.
    workers, device
        See `shuffled_loader`.
    """
    photos = PhotoDataset(source, long_side=long_side, multiple=multiple)
    return BatchLoader(photos, device=device, batch_size=batch_size, **worker_options(workers))


def worker_options(workers: int | None) -> dict[str, Any]:
    """Return the arguments of a ``DataLoader`` about its processes; see `shuffled_loader`."""
    processors = usable_cores()
    most = WORKERS_A_PROCESSOR * processors
    if workers is not None and not 0 <= workers <= most:
        raise ValueError(f"workers must be in 0..{most} on {processors} processors, got {workers}")
    count = min(2, processors) if workers is None else workers
    return {
        "num_workers": count,
        "collate_fn": collate,
        "worker_init_fn": leave_signals,
        # Without a generator, every iteration would take a number from torch's own one. A resumed
        # run begins one iteration more, so its dropout would differ from an unbroken run.
        "generator": torch.Generator(),
    }


def plain_error(error: Exception) -> Exception:
    """Return an error whose message is one line that a user understands.

    An error in a worker process arrives with a whole traceback as its message. The death of one is
    told in several ways, and wherever the main process happens to be. Every other error is returned
    as it is.
    """
    text = str(error)
    if "DataLoader timed out" in text:
        return RuntimeError(WORKER_HANGS)
    if "DataLoader worker" not in text:
        return error
    # The traceback keeps the worker processes in a reference cycle. Collected later, perhaps inside
    # a process forked meanwhile, it would print complaints.
    error.with_traceback(None)
    if not text.startswith("Caught "):
        return RuntimeError(WORKER_DIED)
    kind, _, message = text.strip().splitlines()[-1].partition(": ")
    return type(error)(message or kind)
