"""Counts of a comparison are kept in a file, so that a comparison that was stopped goes on."""

import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from pickle import UnpicklingError
from time import monotonic
from typing import Any

import torch

from getam.activation import Setting
from getam.evaluation import Cost, PointingGame, SeedCurve
from getam.explain.method_costs import Costs
from getam.explain.tally import Tallies, Tally
from getam.files import whole_file
from getam.outputs import refuse_different

EVERY = 20.0  # seconds between two times that the file is written

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
        What was counted of the photos.
    ids
        The ids of these photos, in the order of the split.
    """

    costs: Costs
    tallies: Tallies
    ids: list[str]


class KeptCounts:
    """Kept counts are counts in a file, beside the command that they belong to.

    Parameters
    ----------
    path
        The file, which lies in the output folder of the command.
    command
        The verb and the settings that the scores depend on, as values that JSON can hold.
    """

    def __init__(self, path: Path, command: Mapping[str, Any]) -> None:
        self.path, self.command = path, dict(command)
        self._due = monotonic() + EVERY

    def read(self) -> Counts | None:
        """Return the counts of this command; None if there is no file.

        Raises
        ------
        FileExistsError
            If the file belongs to another command.
        ValueError
            If the file is damaged.
        """
        if not self.path.is_file():
            return None
        try:
            with torch.serialization.safe_globals(OBJECTS):
                content = torch.load(self.path, weights_only=True)
            command, counts = content["command"], Counts(**content["counts"])
        except (RuntimeError, UnpicklingError, zipfile.BadZipFile, EOFError, KeyError, TypeError):
            raise ValueError(
                f"{self.path} is damaged: remove it, and the comparison begins anew"
            ) from None
        refuse_different(self.path.parent, self.command, [command])
        return counts

    def keep(self, counts: Counts) -> None:
        """Write the counts, whole or not at all, unless they were written a moment ago."""
        if monotonic() < self._due:
            return
        with whole_file(self.path) as temporary:
            torch.save({"command": self.command, "counts": vars(counts)}, temporary)
        self._due = monotonic() + EVERY

    def remove(self) -> None:
        """Remove the file, if there is one."""
        self.path.unlink(missing_ok=True)
