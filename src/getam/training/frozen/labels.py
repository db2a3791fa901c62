"""In a frozen run pseudo labels are made once, when the second phase begins, and kept on disk."""

import hashlib
import logging
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from getam.activation import AttentionRecorder
from getam.data import Batch, BatchLoader, SomeSquares, Views, worker_options
from getam.files import sync, whole_file
from getam.model import label
from getam.network import Network
from getam.progress import LINE_EVERY
from getam.pseudo_label import PseudoLabels
from getam.training.frozen.from_tokens import label_from_tokens, reads_tokens_alone
from getam.training.label_sources import Changing, Corrected, SourceMaker, lay_over
from getam.training.parts import Part
from getam.vocabulary import IGNORE

LABELS = "labels.npy"
"""The pseudo labels of a frozen run, in its folder: uint8 [photos, side, side], sorted by id."""

logger = logging.getLogger(__name__)


class KeptLabels(nn.Module):
    """Kept labels are made of all photos at once, and then given out batch by batch.

    It is a :class:`getam.model.LabelSource`. A twin has the mirrored label of its photo. A buffer
    keeps the hash of the file, so that a checkpoint knows which labels it was trained with.

    Parameters
    ----------
    make
        Labels a batch of squares: int64 [B, H, W] with 0 background, class + 1, 255 undecided.
    views
        The photos.
    file
        The file in which the labels are kept.
    batch_size
        Number of photos that are labelled together.
    workers
        Number of processes that read photos.
    """

    digest: Tensor

    def __init__(
        self,
        make: Callable[[Batch], Tensor],
        views: Views,
        file: Path,
        *,
        batch_size: int = 1,
        workers: int | None = None,
    ) -> None:
        super().__init__()
        self.make = make
        self.views = views
        self.file = file
        self.batch_size = batch_size
        self.workers = workers
        self.labels: np.ndarray | None = None
        ids = sorted(views.id_of(photo) for photo in range(len(views)))
        self.rows = {name: row for row, name in enumerate(ids)}  # in whatever order photos come
        self.register_buffer("digest", torch.zeros(32, dtype=torch.uint8))  # zeros: none made yet

    def recorder(self) -> AttentionRecorder:
        """Return a context that keeps nothing, since no label is made of this forward pass."""
        return AttentionRecorder(sys.maxsize)

    def forward(
        self,
        _recorder: AttentionRecorder,
        _class_logits: Tensor,
        batch: Batch,
        *,
        grid: tuple[int, int],
        labelled: Tensor,
    ) -> PseudoLabels:
        """Return the labels of a batch of fixed views; maps are not kept, so there are none."""
        labels = self.opened(batch.image.device)
        assert batch.mirrored is not None  # the views of a frozen run are fixed
        each = [labels[self.rows[name]] for name in batch.ids]
        turned = [
            np.flip(one, -1) if mirrored else one
            for one, mirrored in zip(each, batch.mirrored, strict=True)
        ]
        label = torch.from_numpy(np.stack(turned)).to(labelled.device).long()
        none = label.new_zeros(len(label), 0, 1, 1, dtype=torch.float32)
        return PseudoLabels(
            [[] for _ in batch.ids],
            none.expand(-1, -1, *grid),
            none.expand(-1, -1, *label.shape[-2:]),
            label.masked_fill(~labelled, IGNORE),
        )

    def opened(self, device: torch.device) -> np.ndarray:
        """Return the labels of all photos, uint8 [photos, side, side], and make them if need be.

        Raises
        ------
        ValueError
            If the labels that a checkpoint was trained with are gone or others.
        """
        if self.labels is None:
            if self.digest.any():
                self.check_same()
            else:
                self.write(device)
            self.labels = np.load(self.file, mmap_mode="r")
        return self.labels

    @property
    def waiting(self) -> bool:
        """Return whether the labels are still to be made, of all photos at once."""
        return self.labels is None and not self.digest.any()

    def check_same(self) -> None:
        """Raise a ValueError if the file is not the one that the checkpoint was trained with."""
        if not self.file.is_file() or not torch.equal(digest_of(self.file), self.digest.cpu()):
            raise ValueError(
                f"{self.file} is gone or was changed, and the checkpoint was trained with it: "
                "restore it, or begin a new run with another --out"
            )

    def write(self, device: torch.device) -> None:
        """Label every photo and write the file, whole or not at all."""
        began = time.monotonic()
        logger.info("phase two begins: %d photos are labelled once", len(self.views))
        with whole_file(self.file) as temporary:
            labels: np.memmap | None = None
            for ids, made in self.each(device):
                if labels is None:
                    shape = (len(self.views), *made.shape[1:])
                    labels = np.lib.format.open_memmap(temporary, "w+", np.uint8, shape)
                labels[[self.rows[name] for name in ids]] = made
            assert labels is not None  # a run has photos
            labels.flush()
            sync(temporary)
        self.digest.copy_(digest_of(self.file))
        logger.info("%d photos labelled in %.0f s", len(self.views), time.monotonic() - began)

    def each(self, device: torch.device) -> Iterator[tuple[Sequence[str], np.ndarray]]:
        """Yield the ids and the labels of a few photos after the other."""
        photos = SomeSquares(self.views, range(len(self.views)))
        count, last_line = 0, time.monotonic()
        with torch.random.fork_rng(devices=[]):  # a loader draws a number, and training must not
            loader = BatchLoader(
                photos, device=device, batch_size=self.batch_size, **worker_options(self.workers)
            )
            for batch in loader:
                yield batch.ids, self.make(batch).to(torch.uint8).cpu().numpy()
                count += len(batch.ids)
                if time.monotonic() - last_line > LINE_EVERY:
                    last_line = time.monotonic()
                    logger.info("%d of %d photos labelled", count, len(photos))


def keep_labels(
    maker: SourceMaker,
    views: Views,
    file: Path,
    *,
    batch_size: int = 1,
    workers: int | None = None,
) -> SourceMaker:
    """Return what makes the label source of a frozen run around another one.

    Parameters
    ----------
    maker
        The function that makes the source from the network and the parts. The source labels once.
    views, file, batch_size, workers
        The parameters of :class:`KeptLabels` of these names.

    Raises
    ------
    ValueError
        From the function that is returned, if the source changes within a run.
    """

    def make(network: Network, parts: Mapping[str, Part]) -> KeptLabels:
        source = maker(network, parts)
        if isinstance(source, Changing):
            raise ValueError("frozen: this label_source changes within a run: choose another one")
        inner = source.inner if isinstance(source, Corrected) else source

        def label_squares(batch: Batch) -> Tensor:
            with torch.no_grad():  # padding is masked when the labels are given out
                everywhere = torch.ones_like(batch.valid)
                if batch.features is not None and reads_tokens_alone(inner, network):
                    pseudo = label_from_tokens(network, inner, batch, labelled=everywhere)
                    return lay_over(pseudo, batch, labelled=everywhere).label
                return label(network, source, batch, labelled=everywhere)[1].label

        return KeptLabels(label_squares, views, file, batch_size=batch_size, workers=workers)

    return make


def digest_of(file: Path) -> Tensor:
    """Return the SHA-256 of a file, uint8 [32]."""
    with file.open("rb") as opened:
        digest = hashlib.file_digest(opened, "sha256").digest()
    return torch.tensor(list(digest), dtype=torch.uint8)
