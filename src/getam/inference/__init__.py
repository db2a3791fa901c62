"""This package runs a trained network on photos: masks, maps, pseudo labels, scores."""

from getam.inference.folders import (
    files_of,
    label_folder,
    maps_folder,
    not_done,
    output_folder,
    predict_folder,
    predicted_classes,
)
from getam.inference.labelling import LabelledPhoto, label_batch, label_photos
from getam.inference.predictor import Photo, Prediction, Predictor
from getam.inference.stages import score_stages

__all__ = [
    "LabelledPhoto",
    "Photo",
    "Prediction",
    "Predictor",
    "files_of",
    "label_batch",
    "label_folder",
    "label_photos",
    "maps_folder",
    "not_done",
    "output_folder",
    "predict_folder",
    "predicted_classes",
    "score_stages",
]
