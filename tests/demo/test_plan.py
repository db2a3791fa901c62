"""The demonstration's settings: none of them is left to a default of training."""

import ast
import inspect
from dataclasses import fields

from getam.demo import plan as module
from getam.demo.plan import Plan
from getam.recipe import Recipe

TAKEN_FROM_ELSEWHERE = {"seed", "saliency_target"}  # the caller's; read with saliency only


def test_no_setting_of_the_recipe_is_left_to_a_default() -> None:
    tree = ast.parse(inspect.getsource(module))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    (recipe,) = [call for call in calls if getattr(call.func, "id", "") == "Recipe"]
    written = {keyword.arg for keyword in recipe.keywords}
    assert written | TAKEN_FROM_ELSEWHERE == {field.name for field in fields(Recipe)}


def test_all_scenes_are_those_of_the_classifier_and_of_the_demonstration() -> None:
    plan = Plan(scenes={"train": 4, "val": 1}, classifier_scenes={"single": 2, "crowded": 3})
    assert plan.all_scenes == {"single": 2, "crowded": 3, "train": 4, "val": 1}
