"""Activation maps, the photo and its saliency (if there is any) become a pseudo-label image."""

from getam.pseudo_label.complete import RULES, WITHOUT_SALIENCY, complete_labels, top_of_class
from getam.pseudo_label.labeller import Labeller, PseudoLabels, resized
from getam.pseudo_label.par import aprm, par
from getam.pseudo_label.proposers import PROPOSERS, Proposer, proposer_for
from getam.pseudo_label.refine import refine
from getam.pseudo_label.snap import snap

__all__ = [
    "PROPOSERS",
    "RULES",
    "WITHOUT_SALIENCY",
    "Labeller",
    "Proposer",
    "PseudoLabels",
    "aprm",
    "complete_labels",
    "par",
    "proposer_for",
    "refine",
    "resized",
    "snap",
    "top_of_class",
]
