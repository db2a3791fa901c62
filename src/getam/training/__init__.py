"""This package trains a network on photos with image-level labels."""

from getam.recipe import Recipe
from getam.stopped import Stopped
from getam.training.build import build_labeller
from getam.training.estimate import Estimate, estimate
from getam.training.parts import PARTS, Part, PartInput, PartKind, Seen
from getam.training.prepare import facts_of
from getam.training.step import Step, StepOutput
from getam.training.train import Trained, score_run, train

__all__ = [
    "PARTS",
    "Estimate",
    "PartInput",
    "Part",
    "PartKind",
    "Recipe",
    "Seen",
    "Step",
    "StepOutput",
    "Stopped",
    "Trained",
    "build_labeller",
    "estimate",
    "facts_of",
    "score_run",
    "train",
]
