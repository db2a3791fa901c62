"""A trained network on photos: masks, maps, pseudo labels and the score of every stage."""

from getam.inference.folders import (
    label_folder,
    maps_folder,
    new_folder,
    predict_folder,
    predicted_classes,
)
from getam.inference.labelling import LabelledPhoto, label_batch, label_photos
from getam.inference.model import Model, load_model, save_model
from getam.inference.predictor import Photo, Prediction, Predictor
from getam.inference.stages import score_stages
from getam.inference.tags import weigh_by_tags

__all__ = [
    "LabelledPhoto",
    "Model",
    "Photo",
    "Prediction",
    "Predictor",
    "label_batch",
    "label_folder",
    "label_photos",
    "load_model",
    "maps_folder",
    "new_folder",
    "predict_folder",
    "predicted_classes",
    "save_model",
    "score_stages",
    "weigh_by_tags",
]
