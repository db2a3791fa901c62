"""With a frozen backbone, its features are computed once, and labels are made once.

Decision 11 in ``docs/decisions`` says how; ``docs/frozen.md`` says when to try it.
"""

from getam.training.frozen.cache import FEATURES, FeatureCache, holds_features
from getam.training.frozen.check import check_cache, check_frozen
from getam.training.frozen.labels import LABELS, KeptLabels, keep_labels

__all__ = [
    "FEATURES",
    "LABELS",
    "FeatureCache",
    "KeptLabels",
    "check_cache",
    "check_frozen",
    "holds_features",
    "keep_labels",
]
