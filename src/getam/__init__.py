"""getam: photos with image-level tags in; segmentation network, maps and pseudo masks out.

Eight names are all there is to start with; each is imported when it is first used.

``activation_maps`` photo and classes -> maps, for any vision transformer · ``refine`` maps to the
photo's edges · ``complete_labels`` maps -> pseudo label · ``train`` a network from tags ·
``Predictor`` photo -> mask · ``score_folders`` masks against the truth · ``load_released`` the
authors' checkpoints · ``crf`` dense CRF and dense energy loss.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from getam import crf
    from getam.activation import activation_maps
    from getam.evaluation import score_folders
    from getam.inference import Predictor
    from getam.network import load_released
    from getam.pseudo_label import complete_labels, refine
    from getam.training import train

_HOME = {
    "activation_maps": "getam.activation",
    "refine": "getam.pseudo_label",
    "complete_labels": "getam.pseudo_label",
    "train": "getam.training",
    "Predictor": "getam.inference",
    "score_folders": "getam.evaluation",
    "load_released": "getam.network",
}

__all__ = [
    "Predictor",
    "activation_maps",
    "complete_labels",
    "crf",
    "load_released",
    "refine",
    "score_folders",
    "train",
]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used: ``import getam`` itself takes no time."""
    if name == "crf":
        return import_module("getam.crf")
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module 'getam' has no attribute {name!r}")


def __dir__() -> list[str]:
    """The public names."""
    return sorted(__all__)
