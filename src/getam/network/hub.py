"""This module finds the pretrained weights of a model, in the cache of the hub or on the hub.

Without a connection, the client of the hub tries again for most of a minute. One quick request
beforehand makes the error come at once.
"""

import urllib.error
import urllib.request
from typing import Any

import timm
from huggingface_hub import constants, try_to_load_from_cache

REACH_SECONDS = 5.0
"""The seconds that one request may take before the hub counts as not reachable."""

ADVICE = "give a local file with --weights, or start from random weights with --no-pretrained"
"""The advice at the end of every error about pretrained weights."""

_FILE_NAMES = ("model.safetensors", "pytorch_model.bin")


def pretrained_overlay(name: str) -> dict[str, Any] | None:
    """Return the settings that tell timm where to load the pretrained weights of a model from.

    Returns
    -------
    dict or None
        The ``file`` if the weights are in the cache of the hub, and None if timm is to fetch them.

    Raises
    ------
    ValueError
        If timm knows no pretrained weights for ``name``.
    OSError
        If they are not in the cache and the hub cannot be reached.
    """
    configuration = timm.get_pretrained_cfg(name)
    if configuration is None or not configuration.has_weights:
        raise ValueError(f"no pretrained weights are known for backbone {name!r}: {ADVICE}")
    if not configuration.hf_hub_id:
        return None
    cached = _cached_file(configuration.hf_hub_id)
    if cached is not None:
        # An old timm would read the file as the .npz in which the weights once were.
        return {"file": cached, "custom_load": False}
    if not reachable(constants.ENDPOINT):
        raise OSError(
            f"pretrained weights of {name!r} need {constants.ENDPOINT}, which cannot be reached: "
            f"{ADVICE}"
        )
    return None


def is_cached(name: str) -> bool:
    """Return whether the pretrained weights of a model are in the cache; no request is sent."""
    configuration = timm.get_pretrained_cfg(name)
    if configuration is None or not configuration.hf_hub_id:
        return False
    return _cached_file(configuration.hf_hub_id) is not None


def _cached_file(repository: str) -> str | None:
    found = (try_to_load_from_cache(repository, file_name) for file_name in _FILE_NAMES)
    return next((path for path in found if isinstance(path, str)), None)


def reachable(address: str) -> bool:
    """Return whether an address answers one request within a few seconds."""
    request = urllib.request.Request(address, method="HEAD")
    try:
        with urllib.request.urlopen(request, timeout=REACH_SECONDS):
            return True
    except urllib.error.HTTPError:
        return True  # an error code is an answer too
    except OSError:
        return False
