"""What a training run is: every setting, and presets that fill them in. Imports nothing heavy."""

from getam.recipe.presets import NETWORKS, PRESETS, REPAIRS, Facts, check_preset, recipe_for
from getam.recipe.recipe import CHOICES, Recipe

__all__ = [
    "CHOICES",
    "PRESETS",
    "REPAIRS",
    "NETWORKS",
    "Facts",
    "Recipe",
    "check_preset",
    "recipe_for",
]
