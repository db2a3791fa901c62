"""This package shows why a classifier named a class: maps of several methods, and their scores."""

from getam.explain.class_names import class_indices
from getam.explain.classifier import Classifier, run_classifier, timm_classifier
from getam.explain.compare import compare_methods
from getam.explain.explain import Explanation, explain, explain_folder
from getam.explain.kept_counts import KeptCounts

__all__ = [
    "Classifier",
    "Explanation",
    "KeptCounts",
    "class_indices",
    "compare_methods",
    "explain",
    "explain_folder",
    "run_classifier",
    "timm_classifier",
]
