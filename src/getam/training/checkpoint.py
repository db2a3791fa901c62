"""A checkpoint holds everything that a run needs to go on as if it had never stopped."""

from pathlib import Path
from typing import Any

import torch

from getam.files import whole_file

CHECKPOINT = "checkpoint.pt"


def save_checkpoint(folder: Path, state: dict[str, Any]) -> None:
    """Write the state of a run and torch's random states, whole or not at all.

    Raises
    ------
    OSError
        If it cannot be written, e.g. on a full disk; the checkpoint before it stays.
    """
    random_states = {"cpu": torch.get_rng_state()}
    if torch.cuda.is_available():
        random_states["cuda"] = torch.cuda.get_rng_state()
    try:
        with whole_file(folder / CHECKPOINT) as path:
            torch.save({**state, "random_states": random_states}, path)
    except RuntimeError as error:  # torch's own way to say that a write failed
        reason = str(error).splitlines()[0]
        raise OSError(f"cannot write {folder / CHECKPOINT}, is the disk full? ({reason})") from None


def load_checkpoint(folder: Path) -> dict[str, Any]:
    """Read the state of a run (no code in the file is executed) and set the random states.

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
        random_states = state.pop("random_states")
    except Exception as error:  # a damaged file makes the unpickler raise anything
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise ValueError(f"{path} is truncated or no checkpoint of getam ({reason})") from None
    torch.set_rng_state(random_states["cpu"])
    if "cuda" in random_states and torch.cuda.is_available():
        torch.cuda.set_rng_state(random_states["cuda"])
    return state
