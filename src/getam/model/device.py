"""This module chooses the device that the work runs on."""

import torch


def choose_device(device: str | torch.device | None) -> torch.device:
    """Return the device asked for; None and "auto" take the accelerator if there is one.

    Raises
    ------
    ValueError
        If there is no such device here.
    """
    has_cuda = torch.cuda.is_available()
    if device is None or device == "auto":
        return torch.device("cuda" if has_cuda else "cpu")
    try:
        chosen = torch.device(device)
    except RuntimeError:
        raise ValueError(f"device must be cpu or cuda, got {device!r}") from None
    if chosen.type == "cuda" and not has_cuda:
        raise ValueError(f"device is {device}, but torch sees no CUDA here: use cpu")
    return chosen
