"""A trained network on photos: masks, maps, pseudo labels, explanations and scores."""

from getam.inference.class_names import class_indices
from getam.inference.classifier import Classifier, run_classifier, timm_classifier
from getam.inference.compare import compare_methods
from getam.inference.explain import Explanation, explain, explain_folder
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
from getam.inference.model import Model, choose_device, load_model, save_model
from getam.inference.predictor import Photo, Prediction, Predictor, check_test
from getam.inference.stages import score_stages
from getam.inference.tags import weigh_by_tags

__all__ = [
    "Classifier",
    "Explanation",
    "LabelledPhoto",
    "Model",
    "Photo",
    "Prediction",
    "Predictor",
    "check_test",
    "choose_device",
    "class_indices",
    "compare_methods",
    "explain",
    "explain_folder",
    "files_of",
    "label_batch",
    "label_folder",
    "label_photos",
    "load_model",
    "maps_folder",
    "not_done",
    "output_folder",
    "predict_folder",
    "predicted_classes",
    "save_model",
    "run_classifier",
    "score_stages",
    "timm_classifier",
    "weigh_by_tags",
]
