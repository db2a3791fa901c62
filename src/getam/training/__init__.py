"""Photos with image-level labels -> a trained network: losses, schedule, step, loop, checkpoint."""

from getam.training.recipe import Recipe
from getam.training.step import LossWeights, Step, StepOutput
from getam.training.stop_request import Stopped
from getam.training.train import build_labeller, score_run, train

__all__ = [
    "LossWeights",
    "Recipe",
    "Step",
    "StepOutput",
    "Stopped",
    "build_labeller",
    "score_run",
    "train",
]
