"""The cache keeps what a frozen backbone makes of every view, one file per photo.

Both views of a photo and the square itself lie in one safetensors file, which is mapped into memory
when it is read. Files are written whole, so an interrupted run goes on where it stopped.
"""

import re
import time
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from getam.data import (
    Batch,
    BatchLoader,
    Sample,
    SomeSquares,
    Source,
    SquareViews,
    mirror,
    worker_options,
)
from getam.elsewhere import whole_name
from getam.files import whole_file
from getam.network import Network, tensors_of
from getam.progress import counted
from getam.training.mark import mark_of

FEATURES = "features"
"""The folder of the cache in a run folder, if no other one is named."""

FORMATS = {"float16": torch.float16, "float32": torch.float32}
"""Every number format of the cache by its name."""

VIEWS = ("photo", "twin")
"""The names of the views in a file: the square, and its mirror image."""

MARK = 32
"""Characters of the names of folders and files."""

CUT_SHORT = 3600.0
"""Seconds after which a half-written file has nobody who writes it any more."""


class FeatureCache:
    """A feature cache holds the views of photos with their features; it is a :class:`Views`.

    Parameters
    ----------
    folder
        The folder of the cache, which runs may share. Nothing is written before :meth:`fill`.
    source
        The photos.
    side
        Side of the squares, in pixels.
    number_format
        A name of ``FORMATS``. A tensor with a value beyond float16 is kept in float32.
    mirrored
        Whether the mirror image of every photo is kept too.
    """

    def __init__(
        self,
        folder: Path,
        source: Source,
        *,
        side: int,
        number_format: str = "float16",
        mirrored: bool = True,
    ) -> None:
        self.folder = folder
        self.path = folder  # of the files, once the weights are known
        self.squares = SquareViews(source, side)
        self.number_format = number_format
        self.views = VIEWS if mirrored else VIEWS[:1]

    def __len__(self) -> int:
        """Return the number of photos."""
        return len(self.squares)

    def id_of(self, photo: int) -> str:
        """Return the id of a photo."""
        return self.squares.id_of(photo)

    def fill(
        self,
        network: Network,
        *,
        precision: str = "32-true",
        autocast: AbstractContextManager[Any] | None = None,
        workers: int | None = None,
    ) -> int:
        """Run the backbone on the photos that are missing, and return their number.

        A photo is missing, too, if its file, its saliency map or its corrected mask has changed, or
        if the file of its features is cut short.

        Parameters
        ----------
        network
            The network, in evaluation mode.
        precision
            The number format in which the network computes, in the words of Lightning Fabric.
        autocast
            The context in which it computes in this format.
        workers
            Number of processes that read photos.

        Raises
        ------
        FileNotFoundError, ValueError
            If a photo, its saliency map or its corrected mask cannot be read.
        """
        self.path = self.folder / self.mark_with(network, precision=precision)
        self.path.mkdir(parents=True, exist_ok=True)
        remove_cut_short(self.path)
        missing = [photo for photo in range(len(self)) if not self.is_current(photo)]
        if not missing:
            return 0
        squares = SomeSquares(self.squares, missing)
        loader = BatchLoader(squares, device=network.mean.device, **worker_options(workers))
        with (
            torch.random.fork_rng(devices=[]),  # a loader draws a number, and training must not
            counted("features of photos", len(missing)) as advance,
            autocast or nullcontext(),
            torch.no_grad(),
        ):
            for photo, batch in zip(missing, loader, strict=True):
                self.write(photo, network, batch)
                advance()
        return len(missing)

    def mark_with(self, network: Network, *, precision: str) -> str:
        """Return the name of the folder of everything that these settings and weights make."""
        architecture = network.architecture
        found = {
            "backbone": [architecture.backbone, architecture.backbone_style],
            "colours": [list(architecture.mean), list(architecture.std)],
            "weights": hash_of(network.backbone),
            "side": self.squares.side,
            "number_format": [self.number_format, precision],
            "views": self.views,
        }
        return mark_of(found)[:MARK]

    def write(self, photo: int, network: Network, batch: Batch) -> None:
        """Run the backbone on the views of a photo, one by one, and write the photo's file.

        Parameters
        ----------
        photo
            The number of the photo.
        network
            The network.
        batch
            The square of the photo alone.
        """
        kept = {
            "image": batch.image[0],
            "inside": torch.stack([batch.valid[0].any(1).sum(), batch.valid[0].any(0).sum()]),
            "size": torch.tensor(batch.sizes[0]),
        }
        if batch.saliency is not None:
            kept["saliency"] = self.rounded(batch.saliency[0])
        if batch.corrected is not None:
            kept["corrected"] = batch.corrected[0].to(torch.uint8)
        for view, image in zip(self.views, (batch.image, batch.image.flip(-1)), strict=False):
            features = tensors_of(network.forward_features(network.normalise(image)))
            kept |= {f"{view}/{name}": self.rounded(each[0]) for name, each in features.items()}
        with whole_file(self.file_of(photo)) as temporary:
            whole = {name: each.cpu().contiguous() for name, each in kept.items()}
            save_file(whole, temporary, metadata={"key": self.key_of(photo)})

    def rounded(self, tensor: Tensor) -> Tensor:
        """Return a tensor in the number format of the cache, or in float32 if it does not fit."""
        rounded = tensor.to(FORMATS[self.number_format])
        return rounded if rounded.isfinite().all() else tensor.float()

    def file_of(self, photo: int) -> Path:
        """Return the file of a photo."""
        source = self.squares.source
        record = source.records[photo]
        inputs = [record.image, record.saliency, record.corrected]
        names = [None if path is None else whole_name(path) for path in inputs]
        # Runs with other maps, masks or classes may share the folder at the same time.
        mark = mark_of({"id": record.id, "inputs": names, "classes": list(source.classes)})
        return self.path / f"{mark[:MARK]}.safetensors"

    def key_of(self, photo: int) -> str:
        """Return a text that is another one if an input of the photo has changed."""
        source = self.squares.source
        record = source.records[photo]
        inputs = [stamp_of(path) for path in (record.image, record.saliency, record.corrected)]
        return mark_of({"inputs": inputs, "classes": list(source.classes)})

    def is_current(self, photo: int) -> bool:
        """Return whether the features of a photo are all there, and made of what it is now."""
        try:
            with safe_open(self.file_of(photo), framework="pt") as file:
                metadata = file.metadata() or {}
        except (OSError, SafetensorError):
            return False
        return bool(metadata.get("key") == self.key_of(photo))

    def view(self, photo: int, *, mirrored: bool) -> Sample:
        """Read one view of a photo and its features.

        Raises
        ------
        ValueError
            If the file is gone or damaged.
        """
        own = f"{VIEWS[mirrored]}/"
        try:
            with safe_open(self.file_of(photo), framework="pt") as file:
                names = [n for n in file.keys() if "/" not in n or n.startswith(own)]  # noqa: SIM118
                kept = {name.removeprefix(own): file.get_tensor(name) for name in names}
        except (OSError, SafetensorError) as error:
            raise ValueError(
                f"cache: {self.file_of(photo)} is gone or damaged ({error}): the same command with "
                "--resume makes it anew"
            ) from None
        sample = self.sample_of(photo, kept)
        return replace(mirror(sample) if mirrored else sample, features=kept)

    def sample_of(self, photo: int, kept: dict[str, Tensor]) -> Sample:
        """Take the square of a photo out of what was kept, and leave the features."""
        photos, image = self.squares.photos, kept.pop("image")
        height, width = kept.pop("inside").tolist()
        valid = torch.zeros(image.shape[-2:], dtype=torch.bool)
        valid[:height, :width] = True
        saliency = kept.pop("saliency", None)
        full_height, full_width = kept.pop("size").tolist()
        return Sample(
            id=photos.records[photo].id,
            image=image,
            labels=photos.labels[photo],
            known=photos.known[photo],
            saliency=None if saliency is None else saliency.float(),
            valid=valid,
            size=(full_height, full_width),
            corrected=kept.pop("corrected", None),
            mirrored=False,
        )


def hash_of(module: nn.Module) -> str:
    """Return the SHA-256 of the parameters and buffers of a module."""
    total = sha256()
    for name, tensor in sorted(module.state_dict().items()):
        total.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        total.update(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data)
    return total.hexdigest()


def stamp_of(path: Path | None) -> list[Any] | None:
    """Return name, size and time of change of a file."""
    if path is None:
        return None
    found = path.stat()
    return [whole_name(path), found.st_size, found.st_mtime_ns]


def remove_cut_short(folder: Path) -> None:
    """Remove files that a killed run left half-written; those of a run beside this one are new."""
    for path in folder.glob(".*.safetensors"):
        if time.time() - path.stat().st_mtime > CUT_SHORT:
            path.unlink(missing_ok=True)


def holds_features(folder: Path) -> bool:
    """Return whether a folder ``RUN/features`` holds nothing but features of photos."""
    return folder.is_dir() and all(
        path.is_dir() and re.fullmatch(rf"[0-9a-f]{{{MARK}}}", path.name)
        for path in folder.iterdir()
    )
