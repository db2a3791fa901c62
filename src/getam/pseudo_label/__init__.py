"""Activation maps, the photo and its saliency (if there is any) become a pseudo-label image."""

from getam.pseudo_label.complete import RULES, WITHOUT_SALIENCY, complete_labels, top_of_class
from getam.pseudo_label.labeller import Labeller, PseudoLabels, resized
from getam.pseudo_label.refine import refine

__all__ = [
    "RULES",
    "WITHOUT_SALIENCY",
    "Labeller",
    "PseudoLabels",
    "complete_labels",
    "refine",
    "resized",
    "top_of_class",
]
