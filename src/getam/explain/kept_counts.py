"""Counts of a comparison are kept in a file, so that a comparison that was stopped goes on."""

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from pickle import UnpicklingError
from time import monotonic
from typing import Any

import torch

from getam.activation import Setting
from getam.data import Record
from getam.evaluation import Cost, PointingGame, SeedCurve
from getam.explain.method_costs import Costs
from getam.explain.tally import Tallies, Tally
from getam.files import sync, whole_file
from getam.outputs import COUNTS, refuse_different

SHARE = 20  # after a writing so many times its own time passes before the next one

FORMAT = b"getam counts 1\n"
"""Every file of counts begins with this. It changes when what a file holds changes."""

OBJECTS: list[Callable[..., Any] | tuple[Callable[..., Any], str]] = [
    Cost,
    PointingGame,
    SeedCurve,
    Setting,
    Tally,
]
"""The classes of the objects in the file; anything else in it is refused."""


@dataclass
class Counts:
    """Counts hold what is known once some photos are counted.

    Attributes
    ----------
    costs
        The costs of the settings, which are measured first.
    tallies
        The tallies of the settings, which hold what these photos showed.
    marks
        The mark of each of these photos, in the order of the split; see `mark_of`.
    """

    costs: Costs
    tallies: Tallies
    marks: list[str]


def mark_of(record: Record) -> str:
    """Return what the counts of a photo depend on: its id, its labels, and the file of its mask."""
    written = None if record.mask is None else record.mask.stat().st_mtime_ns
    return repr((record.id, record.labels, written))


class KeptCounts:
    """Kept counts are counts in a file, beside the command that they belong to.

    Parameters
    ----------
    folder
        The output folder of the command.
    command
        The verb and the settings that the scores depend on, as values that JSON can hold.
    anew
        Whether the comparison begins anew. What another one has kept is then replaced.
    """

    def __init__(self, folder: Path, command: Mapping[str, Any], *, anew: bool = False) -> None:
        self.path, self.command = folder / COUNTS, dict(command)
        self._due = 0.0
        self.photos = 0
        """The number of photos whose counts are in the file."""
        self.before = None if anew else self._read()
        """What was counted before; None if there is no file."""

    def keep(self, counts: Counts) -> None:
        """Write the counts, whole or not at all, unless that would take much of the time."""
        began = monotonic()
        if began < self._due:
            return
        content = BytesIO()
        torch.save({"command": self.command, "counts": vars(counts)}, content)
        data = content.getvalue()
        with whole_file(self.path) as temporary:
            temporary.write_bytes(FORMAT + checksum(data) + data)
            sync(temporary)
        self.photos = len(counts.marks)
        now = monotonic()
        self._due = now + SHARE * (now - began)

    def remove(self) -> None:
        """Remove the file, and what a process that was killed had not finished of it."""
        for file in (self.path, *self.path.parent.glob(f".{self.path.stem}.*{self.path.suffix}")):
            file.unlink(missing_ok=True)

    def _read(self) -> Counts | None:
        """Read the counts of this command, or refuse those of another one and a damaged file."""
        if not self.path.is_file():
            return None
        content = self.path.read_bytes()
        begins, data = content[: len(FORMAT) + 4], content[len(FORMAT) + 4 :]
        try:
            if begins != FORMAT + checksum(data):
                raise UnpicklingError
            with torch.serialization.safe_globals(OBJECTS):
                kept = torch.load(BytesIO(data), weights_only=True)
        except UnpicklingError:
            raise ValueError(
                f"out: {self.path} is no whole file of counts: choose another folder, or begin "
                "anew with --overwrite"
            ) from None
        refuse_different(self.path.parent, self.command, [kept["command"]])
        return Counts(**kept["counts"])


def checksum(data: bytes) -> bytes:
    """Return four bytes that differ if the data do."""
    return zlib.crc32(data).to_bytes(4)
