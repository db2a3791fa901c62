"""Scores: confusion matrix over a split, IoU per class, seed curve, average precision."""

from getam.evaluation.average_precision import average_precision, mean_average_precision
from getam.evaluation.class_subset import keep_classes, kept_values
from getam.evaluation.confusion import ConfusionMatrix
from getam.evaluation.folders import read_class_names, read_mask, score_folders
from getam.evaluation.ratios import iou, miou, precision, recall
from getam.evaluation.scores import Scores
from getam.evaluation.seed_curve import SeedCurve, SeedScores
from getam.evaluation.stages import StageScores

__all__ = [
    "ConfusionMatrix",
    "Scores",
    "SeedCurve",
    "SeedScores",
    "StageScores",
    "average_precision",
    "iou",
    "keep_classes",
    "kept_values",
    "mean_average_precision",
    "miou",
    "precision",
    "read_class_names",
    "read_mask",
    "recall",
    "score_folders",
]
