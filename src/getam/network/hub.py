"""Where a model's pretrained weights come from; without a network this says so at once.

The hub client tries again for most of a minute when there is no network, so one quick request
comes first.
"""

import urllib.error
import urllib.request
from typing import Any

import timm
from huggingface_hub import constants, try_to_load_from_cache

REACH_SECONDS = 5.0
"""How long one request may take before the hub counts as not reachable."""

ADVICE = "give a local file with --weights, or start from random weights with --no-pretrained"
"""What to do without pretrained weights; ends every error about them."""

_FILE_NAMES = ("model.safetensors", "pytorch_model.bin")


def pretrained_overlay(name: str) -> dict[str, Any] | None:
    """Say where timm is to load the pretrained weights of ``name`` from.

    Returns
    -------
    dict or None
        ``{"file": path}`` when they are in the hub's cache; None when timm is to fetch them.

    Raises
    ------
    ValueError
        timm knows no pretrained weights for ``name``.
    OSError
        They are not in the cache and the hub cannot be reached.
    """
    configuration = timm.get_pretrained_cfg(name)
    if configuration is None or not configuration.has_weights:
        raise ValueError(f"no pretrained weights are known for backbone {name!r}: {ADVICE}")
    if not configuration.hf_hub_id:
        return None
    cached = _cached_file(configuration.hf_hub_id)
    if cached is not None:
        return {"file": cached}
    if not _reachable(constants.ENDPOINT):
        raise OSError(
            f"pretrained weights of {name!r} need {constants.ENDPOINT}, which cannot be reached: "
            f"{ADVICE}"
        )
    return None


def _cached_file(repository: str) -> str | None:
    found = (try_to_load_from_cache(repository, file_name) for file_name in _FILE_NAMES)
    return next((path for path in found if isinstance(path, str)), None)


def _reachable(address: str) -> bool:
    request = urllib.request.Request(address, method="HEAD")
    try:
        with urllib.request.urlopen(request, timeout=REACH_SECONDS):
            return True
    except urllib.error.HTTPError:
        return True  # an answer, if not a friendly one
    except OSError:
        return False
