"""A checkpoint holds everything that a run needs to go on as if it had never stopped."""

from pathlib import Path
from typing import Any

import torch

from getam.files import whole_file
from getam.ranks import gather, is_first, rank
from getam.training.random_states import random_states, set_random_states

CHECKPOINT = "checkpoint.pt"


def save_checkpoint(folder: Path, state: dict[str, Any]) -> None:
    """Write the state of a run and torch's random states, whole or not at all.

    The first process writes what it is given, and the random states of all.

    Raises
    ------
    OSError
        If it cannot be written, e.g. on a full disk; the checkpoint before it stays.
    """
    state = {**state, "random_states": gather(random_states())}
    if not is_first():
        return
    try:
        with whole_file(folder / CHECKPOINT) as path:
            torch.save(state, path)
    except RuntimeError as error:  # torch's own way to say that a write failed
        reason = str(error).splitlines()[0]
        raise OSError(f"cannot write {folder / CHECKPOINT}, is the disk full? ({reason})") from None


def load_checkpoint(folder: Path) -> dict[str, Any]:
    """Read the state of a run (no code in the file is executed) and set the random states.

    A process that the run did not have before keeps its own random states.

    Raises
    ------
    FileNotFoundError
        If the folder holds no checkpoint.
    ValueError
        If the file is truncated or no checkpoint.
    """
    path = folder / CHECKPOINT
    if not path.is_file():
        raise FileNotFoundError(f"nothing to resume: {folder} holds no {CHECKPOINT}")
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
        saved = state.pop("random_states")[rank() : rank() + 1]
    except Exception as error:  # a damaged file makes the unpickler raise anything
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise ValueError(f"{path} is truncated or no checkpoint of getam ({reason})") from None
    for states in saved:
        set_random_states(states)
    return state
