"""This module looks for pretrained weights: in the cache and, if the user asks, on the hub."""

import os
import shutil
from pathlib import Path

from huggingface_hub import constants

from getam.doctor.fact import Fact
from getam.network.hub import is_cached, reachable

DEFAULT_BACKBONE = "vit_small_patch16_224"
"""The backbone of a bare ``getam train``."""

ROOM = 2.0  # GB, in which the weights of a few backbones fit


def cache() -> Fact:
    """Return the folder that weights from the hub go to, and the room on its disk."""
    folder = Path(constants.HF_HUB_CACHE)
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    free = shutil.disk_usage(existing).free / 1e9
    if not os.access(existing, os.W_OK):
        meaning = "It cannot be written to: set HF_HOME to a folder that can."
    elif free < ROOM:
        meaning = "There is little room for weights: set HF_HOME to a folder on another disk."
    else:
        meaning = ""
    state = "" if folder.exists() else "not made yet, "
    home = Path.home()
    shown = Path("~") / folder.relative_to(home) if folder.is_relative_to(home) else folder
    return Fact("cache", f"{shown} ({state}{free:.1f} GB free)", meaning)


def default_weights() -> Fact:
    """Return whether the weights of the default backbone are in the cache."""
    name = f"weights of {DEFAULT_BACKBONE}"
    if is_cached(DEFAULT_BACKBONE):
        return Fact(name, "in the cache")
    meaning = (
        "The first getam train fetches the weights of its backbone from the hub; without a "
        "connection, give a file with --weights or start with --no-pretrained."
    )
    return Fact(name, "not in the cache", meaning)


def hub(*, ask: bool) -> Fact:
    """Return whether the hub of pretrained weights can be reached; only ``ask`` sends a request."""
    if not ask:
        return Fact("hub", "not asked (--hub sends one request)")
    if constants.HF_HUB_OFFLINE:
        return Fact("hub", "switched off", "HF_HUB_OFFLINE is set: unset it to fetch weights.")
    if reachable(constants.ENDPOINT):
        return Fact("hub", f"{constants.ENDPOINT} answers")
    meaning = (
        "Weights cannot be fetched: give files with --weights, or set HF_ENDPOINT to a mirror."
    )
    return Fact("hub", f"{constants.ENDPOINT} does not answer", meaning)
