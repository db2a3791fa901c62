"""Why a classifier named a class: maps of several methods, side by side and scored."""

from getam.explain.class_names import class_indices
from getam.explain.classifier import Classifier, run_classifier, timm_classifier
from getam.explain.compare import compare_methods
from getam.explain.explain import Explanation, explain, explain_folder

__all__ = [
    "Classifier",
    "Explanation",
    "class_indices",
    "compare_methods",
    "explain",
    "explain_folder",
    "run_classifier",
    "timm_classifier",
]
