"""Batches are copied to a device ahead of the work that needs them."""

from collections.abc import Iterable, Iterator

import torch

from getam.data.sample import Batch

WAITS_FOR_COPIES = {"mps"}
"""Kinds of devices to which torch copies safely only if it waits for the end of the copy."""


def copied_ahead(batches: Iterable[Batch], device: torch.device | str) -> Iterator[Batch]:
    """Yield batches on a device; each is sent while the one before it is still to be used.

    The copy of the next batch then stands in the queue of a GPU before the work on the present one,
    and from pinned memory neither the processor nor the GPU waits for it. On the processor batches
    are yielded as they are, and none is read ahead.
    """
    device = torch.device(device)
    if device.type == "cpu":
        yield from batches
        return
    coming: Batch | None = None
    for batch in batches:
        sent = batch.to(device, non_blocking=device.type not in WAITS_FOR_COPIES)
        if coming is not None:
            yield coming
        coming = sent
    if coming is not None:
        yield coming
