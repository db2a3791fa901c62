"""This package scores masks, maps and tags, and measures faithfulness and cost of maps."""

from getam.evaluation.average_precision import average_precision, mean_average_precision
from getam.evaluation.class_subset import keep_classes, kept_values
from getam.evaluation.comparison import Comparison, MethodScores
from getam.evaluation.confusion import ConfusionMatrix
from getam.evaluation.cost import Cost, cost_of
from getam.evaluation.folders import read_class_names, read_mask, score_folders
from getam.evaluation.insertion_deletion import area, deletion, insertion
from getam.evaluation.pointing_game import PointingGame
from getam.evaluation.ratios import iou, miou, precision, recall
from getam.evaluation.scores import Scores
from getam.evaluation.seed_curve import SeedCurve, SeedScores
from getam.evaluation.spread import spread, spread_table
from getam.evaluation.stage_scores import StageScores
from getam.evaluation.tag_scores import TagScores, tag_scores

__all__ = [
    "Comparison",
    "ConfusionMatrix",
    "Cost",
    "MethodScores",
    "PointingGame",
    "Scores",
    "SeedCurve",
    "SeedScores",
    "StageScores",
    "TagScores",
    "area",
    "average_precision",
    "cost_of",
    "deletion",
    "insertion",
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
    "spread",
    "spread_table",
    "tag_scores",
]
