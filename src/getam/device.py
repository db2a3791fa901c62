"""This module chooses the device that the work runs on: training, prediction, pages and doctor."""

import torch

KINDS = ("cpu", "cuda", "mps")


def choose_device(device: str | torch.device | None) -> torch.device:
    """Return the device asked for; None and "auto" take a CUDA GPU if there is one.

    An Apple GPU ("mps") is taken only if it is asked for: nobody has measured yet what it is worth.

    Raises
    ------
    ValueError
        If there is no such device here.
    """
    if device is None or device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        chosen = torch.device(device)
    except RuntimeError:
        chosen = None
    if chosen is None or chosen.type not in KINDS:
        raise ValueError(f"device must be one of auto, {', '.join(KINDS)}, got {str(device)!r}")
    if chosen.type == "cuda" and not torch.cuda.is_available():
        raise ValueError(f"device is {device}, but torch sees no CUDA here: use cpu")
    if chosen.type == "mps" and not torch.backends.mps.is_available():
        raise ValueError(f"device is {device}, but torch sees no Apple GPU here: use cpu")
    here = torch.cuda.device_count() if chosen.type == "cuda" else 1
    if (chosen.index or 0) >= here:
        raise ValueError(f"device is {device}, but torch sees {here} of that kind here")
    return chosen


def device_name(device: torch.device) -> str:
    """Return the name of a device as people know it."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return "Apple GPU (mps)" if device.type == "mps" else "cpu"
