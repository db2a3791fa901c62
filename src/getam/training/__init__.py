"""Photos with image-level labels -> a trained network: losses, schedule, step, loop, checkpoint."""

from getam.recipe import Recipe
from getam.stopped import Stopped
from getam.training.step import LossWeights, Step, StepOutput
from getam.training.train import Trained, build_labeller, facts_of, score_run, train

__all__ = [
    "LossWeights",
    "Recipe",
    "Step",
    "StepOutput",
    "Stopped",
    "Trained",
    "build_labeller",
    "facts_of",
    "score_run",
    "train",
]
