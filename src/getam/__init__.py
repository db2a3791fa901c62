"""getam turns photos with image-level tags into a segmentation network, maps and pseudo masks.

Eight names are enough to start with. Each one is imported when it is first used.

* ``activation_maps`` computes the class activation maps of a photo with any vision transformer.
* ``refine`` fits maps to the edges of the photo.
* ``complete_labels`` turns maps into a pseudo label.
* ``train`` trains a network from tags.
* ``Predictor`` predicts the mask of a photo.
* ``score_folders`` scores masks against the true ones.
* ``load_released`` loads the checkpoints of the authors.
* ``crf`` holds the dense CRF and the dense energy loss.
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
    """Import a public name when it is first used, so that ``import getam`` takes no time."""
    if name == "crf":
        return import_module("getam.crf")
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module 'getam' has no attribute {name!r}")


def __dir__() -> list[str]:
    """Return the public names."""
    return sorted(__all__)
