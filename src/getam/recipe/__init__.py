"""This package holds every setting of a training run, and presets. It imports nothing heavy."""

from getam.recipe.presets import NETWORKS, PRESETS, REPAIRS, Facts, check_preset, recipe_for
from getam.recipe.recipe import CHOICES, Recipe, check_number

__all__ = [
    "CHOICES",
    "PRESETS",
    "REPAIRS",
    "NETWORKS",
    "Facts",
    "Recipe",
    "check_number",
    "check_preset",
    "recipe_for",
]
