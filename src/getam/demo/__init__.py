"""The demonstration on scenes of handwritten digits; needs no network and no data set."""

from getam.demo.demo import demo
from getam.demo.plan import Plan
from getam.demo.scenes import CLASSES, write_scenes

__all__ = ["CLASSES", "Plan", "demo", "write_scenes"]
