"""This package holds a trained network as people use it: files, view, forward pass."""

from getam.model.model import Model, load_model, save_model
from getam.model.photos import photos_for, size_for
from getam.model.trunk import LabelSource, Trunk, classify, label, trunk_of
from getam.model.view import View

__all__ = [
    "LabelSource",
    "Model",
    "Trunk",
    "View",
    "classify",
    "label",
    "load_model",
    "photos_for",
    "save_model",
    "size_for",
    "trunk_of",
]
