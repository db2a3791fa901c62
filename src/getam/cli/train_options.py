"""The options of ``getam train`` come in groups: those to know first, others, the recipe."""

import re
from collections.abc import Callable
from dataclasses import fields
from inspect import getdoc, signature
from typing import Any, get_type_hints

from docstring_parser import parse as parse_docstring

from getam.cli.options import VerbParser, empty_parser
from getam.recipe import Recipe

FIRST = (
    *("data", "out", "labels", "classes", "none", "saliency", "val", "truth", "corrected"),
    *("backbone", "preset", "seeds"),
)
"""A newcomer wants to know of these, beside the number of epochs."""

NAMES = tuple(field.name for field in fields(Recipe))


def train_parser(function: Callable[..., Any]) -> VerbParser:
    """Make the parser of ``getam train`` from its function and from :class:`getam.recipe.Recipe`.

    Parameters
    ----------
    function
        What trains; its parameter ``recipe`` takes the settings of the recipe that were given.
    """
    parser = empty_parser("train", function)
    first = parser.add_argument_group("options to know first")
    others = set(signature(function).parameters) - set(FIRST)
    first.add_function_arguments(function, as_group=False, skip={*others})
    first.add_argument("--epochs", **recipe_option("epochs"))
    further = parser.add_argument_group("further options")
    further.add_function_arguments(function, as_group=False, skip={*FIRST, "recipe"})
    recipe = parser.add_argument_group("settings of the recipe (default: what the preset says)")
    for name in NAMES:
        if name != "epochs":
            recipe.add_argument(f"--{name}", **recipe_option(name))
    return parser


def recipe_option(name: str) -> dict[str, Any]:
    """Return type and help text of the option for a field of the recipe; its default is None."""
    described = {p.arg_name: p.description for p in parse_docstring(getdoc(Recipe) or "").params}
    return {"type": get_type_hints(Recipe)[name] | None, "help": plain(described[name] or "")}


def plain(description: str) -> str:
    """Turn the description of a parameter into the text of an option.

    Examples
    --------
    >>> plain("How much tags count, see\\n:func:`getam.train`.")
    'how much tags count, see getam.train'
    """
    text = re.sub(r":\w+:`([^`]*)`", r"\1", " ".join(description.split())).rstrip(".")
    return text[:1].lower() + text[1:]


def take_recipe_settings(settings: dict[str, Any]) -> dict[str, Any]:
    """Take the recipe's settings out of a verb's settings and return those that were given."""
    taken = {name: settings.pop(name) for name in NAMES}
    return {name: value for name, value in taken.items() if value is not None}
