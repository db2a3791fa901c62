"""One option of ``getam train`` for every setting of a recipe; not given, the preset decides."""

from dataclasses import fields
from inspect import getdoc
from typing import Any, get_type_hints

from docstring_parser import parse as parse_docstring
from jsonargparse import ArgumentParser

from getam.recipe import Recipe


def add_recipe_options(parser: ArgumentParser) -> None:
    """Add an option for every field of :class:`getam.recipe.Recipe`, by default None."""
    types = get_type_hints(Recipe)
    described = {p.arg_name: p.description for p in parse_docstring(getdoc(Recipe) or "").params}
    for field in fields(Recipe):
        what = " ".join((described[field.name] or "").split()).rstrip(".")
        parser.add_argument(f"--{field.name}", type=types[field.name] | None, help=what)


def take_recipe_settings(settings: dict[str, Any]) -> dict[str, Any]:
    """Take the recipe's settings out of a verb's settings and return those that were given."""
    taken = {field.name: settings.pop(field.name) for field in fields(Recipe)}
    return {name: value for name, value in taken.items() if value is not None}
