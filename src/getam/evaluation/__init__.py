"""This package scores masks, maps and tags, and measures faithfulness and cost of maps."""

from getam.evaluation.agreement import (
    coverage,
    entropy,
    overlap,
    soft_overlap,
    true_overlap,
)
from getam.evaluation.average_precision import (
    average_precision,
    binned_average_precision,
    mean_average_precision,
)
from getam.evaluation.class_subset import keep_classes, kept_values
from getam.evaluation.comparison import Comparison, MethodScores
from getam.evaluation.confusion import ConfusionMatrix
from getam.evaluation.cost import Cost, cost_of
from getam.evaluation.faithfulness import FaithfulnessTest, area
from getam.evaluation.folders import read_class_names, read_mask, score_folders
from getam.evaluation.map_overlap import overlaps
from getam.evaluation.pointing_game import PointingGame
from getam.evaluation.quality import (
    ALL_TRAINED_ON,
    BAD,
    DOUBTS,
    ClassSigns,
    Doubt,
    PhotoSigns,
    average,
    class_qualities,
    poor_masks,
    quality_line,
    quality_table,
    suspicious,
)
from getam.evaluation.ratios import iou, miou, precision, recall
from getam.evaluation.scores import Scores
from getam.evaluation.seed_curve import SeedCurve, SeedScores
from getam.evaluation.spread import spread, spread_table
from getam.evaluation.stage_scores import StageScores
from getam.evaluation.tag_scores import TagScores, tag_scores
from getam.evaluation.text_table import percent
from getam.evaluation.threshold_pair import ThresholdPair, best_pair

__all__ = [
    "ALL_TRAINED_ON",
    "BAD",
    "DOUBTS",
    "ClassSigns",
    "Comparison",
    "ConfusionMatrix",
    "Cost",
    "Doubt",
    "FaithfulnessTest",
    "MethodScores",
    "PhotoSigns",
    "PointingGame",
    "Scores",
    "SeedCurve",
    "SeedScores",
    "StageScores",
    "TagScores",
    "ThresholdPair",
    "area",
    "average",
    "average_precision",
    "binned_average_precision",
    "best_pair",
    "cost_of",
    "coverage",
    "entropy",
    "iou",
    "keep_classes",
    "kept_values",
    "mean_average_precision",
    "miou",
    "overlap",
    "percent",
    "precision",
    "read_class_names",
    "read_mask",
    "recall",
    "score_folders",
    "soft_overlap",
    "spread",
    "spread_table",
    "class_qualities",
    "poor_masks",
    "quality_line",
    "quality_table",
    "suspicious",
    "tag_scores",
    "true_overlap",
    "overlaps",
]
