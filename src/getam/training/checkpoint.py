"""A checkpoint holds everything that a run needs to go on as if it had never stopped.

Two are kept, the last one and the one before, and a damaged last one is no loss of the run. The
new one is written under another name. Then the last one is renamed to the one before. Then the new
one is renamed to the last. A kill between any two of these leaves a whole one.
"""

import logging
import zipfile
from errno import EINVAL
from pathlib import Path
from typing import Any

import torch

from getam.files import sync, whole_file
from getam.out_of_memory import is_out_of_memory
from getam.ranks import from_first, gather, is_first, rank
from getam.training.random_states import random_states, set_random_states

CHECKPOINT, BEFORE = "checkpoint.pt", "checkpoint_before.pt"

FORMAT = 2
"""This number stands in every checkpoint. It changes when what a checkpoint holds changes."""

_NEW_RUN = "begin a new run with another --out"

logger = logging.getLogger(__name__)


def has_checkpoint(folder: Path) -> bool:
    """Return whether a run folder holds a checkpoint, be it whole or damaged."""
    return any((folder / name).is_file() for name in (CHECKPOINT, BEFORE))


def save_checkpoint(folder: Path, state: dict[str, Any]) -> None:
    """Write the state of a run and torch's random states, whole or not at all.

    The first process writes what it is given, and the random states of all. The last checkpoint
    becomes the one before, and the old one before is deleted.

    Raises
    ------
    OSError
        If it cannot be written, e.g. on a full disk. At least one checkpoint before it stays.
    """
    state = {"format": FORMAT, **state, "random_states": gather(random_states())}
    if not is_first():
        return
    last = folder / CHECKPOINT
    try:
        with whole_file(last) as path:
            torch.save(state, path)
            sync(path)
            if last.exists():
                last.replace(folder / BEFORE)
    except RuntimeError as error:  # torch's own way to say that a write failed
        reason = str(error).splitlines()[0]
        raise OSError(f"cannot write {last}, is the disk full? ({reason})") from None


def load_checkpoint(folder: Path) -> dict[str, Any]:
    """Read the state of a run (no code in the file is executed) and set the random states.

    A process that the run did not have before keeps its own random states.

    If the last checkpoint is damaged or missing, the one before is read, and one line says so. It
    then takes the place of the last one.

    Raises
    ------
    FileNotFoundError
        If the folder holds no checkpoint.
    ValueError
        If no checkpoint is whole, or if one has a format that this version does not know.
    """
    name = ""
    state: dict[str, Any] | None = None
    fault: Exception | None = None
    if is_first():  # all processes must read the same one
        try:
            name, state = _last_whole(folder)
        except (OSError, ValueError) as error:
            fault = error
    name, fault = from_first((name, fault))
    if fault is not None:
        raise fault
    state = state or _read(folder / name)
    gather(None)  # until all have read it
    if is_first() and name != CHECKPOINT:
        (folder / name).replace(folder / CHECKPOINT)  # a damaged one must not become the one before
    for states in state.pop("random_states")[rank() : rank() + 1]:
        set_random_states(states)
    return state


def _last_whole(folder: Path) -> tuple[str, dict[str, Any]]:
    """Return the name of the last checkpoint that is whole, and what it holds."""
    if not has_checkpoint(folder):
        raise FileNotFoundError(f"nothing to resume: {folder} holds no {CHECKPOINT}")
    faults: list[str] = []
    for name in (CHECKPOINT, BEFORE):
        try:
            state = _read(folder / name)
        except _Damaged as damaged:
            faults.append(str(damaged))
            continue
        if faults:
            logger.warning("%s in %s: the run goes on from %s", faults[0], folder, name)
        return name, state
    raise ValueError(f"no checkpoint in {folder} can be read ({'; '.join(faults)}): {_NEW_RUN}")


class _Damaged(ValueError):
    """A checkpoint is damaged or missing."""


def _read(path: Path) -> dict[str, Any]:
    """Read a checkpoint, every bit of which is checked.

    Raises
    ------
    _Damaged
        If it is missing or not as it was written.
    ValueError
        If its format is another one.
    OSError
        If the disk cannot be read.
    """
    if not path.is_file():
        raise _Damaged(f"{path.name} is missing")
    try:
        with zipfile.ZipFile(path) as parts:  # torch.save writes one, and torch.load trusts it
            damaged = parts.testzip()
        if damaged is not None:
            raise _Damaged(f"{path.name} is damaged (at {damaged})")
        state = torch.load(path, map_location="cpu", weights_only=True)
        found = state.get("format")
    except Exception as error:  # a damaged file makes the unpickler raise anything
        of_the_disk = isinstance(error, OSError) and error.errno not in (None, EINVAL)
        if of_the_disk or is_out_of_memory(error) or isinstance(error, _Damaged):
            raise
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise _Damaged(f"{path.name} is truncated or no checkpoint of getam ({reason})") from None
    if found != FORMAT:
        raise ValueError(
            f"{path} has format {found}, and this version of getam reads format {FORMAT}: go on "
            f"with the version that wrote it (env.json names the first one), or {_NEW_RUN}"
        )
    return state
