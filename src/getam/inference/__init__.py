"""This package runs a trained network on photos: masks, maps, pseudo labels, scores."""

from getam.inference.folders import (
    file_values,
    files_of,
    label_folder,
    maps_folder,
    output_folder,
    predict_folder,
    training_numbers,
)
from getam.inference.job import TOLERANT, Files, Tolerance, Work, not_done, run_job
from getam.inference.labelling import LabelledPhoto, label_batch, label_photo, label_photos
from getam.inference.predictor import Photo, Prediction, Predictor
from getam.inference.quality import (
    GIVEN,
    NOT_TRAINED_ON,
    QUALITY,
    TRAINED_ON,
    JudgedPhoto,
    judge_photos,
    read_quality,
    warning_of,
    write_quality,
)
from getam.inference.stages import score_stages
from getam.inference.thresholds import ChosenThresholds, choose_thresholds, without_scored

__all__ = [
    "GIVEN",
    "NOT_TRAINED_ON",
    "QUALITY",
    "TOLERANT",
    "TRAINED_ON",
    "ChosenThresholds",
    "Files",
    "JudgedPhoto",
    "LabelledPhoto",
    "Photo",
    "Prediction",
    "Predictor",
    "Tolerance",
    "Work",
    "choose_thresholds",
    "file_values",
    "files_of",
    "judge_photos",
    "label_batch",
    "label_folder",
    "label_photo",
    "label_photos",
    "maps_folder",
    "not_done",
    "output_folder",
    "predict_folder",
    "read_quality",
    "run_job",
    "score_stages",
    "training_numbers",
    "warning_of",
    "write_quality",
    "without_scored",
]
