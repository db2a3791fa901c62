"""Every setting of a recipe is an option, and only those that are given reach the recipe."""

import re
from dataclasses import fields

import pytest
from getam.cli.recipe_options import add_recipe_options, take_recipe_settings
from jsonargparse import ArgumentError, ArgumentParser

from getam.recipe import Recipe


@pytest.fixture
def parser() -> ArgumentParser:
    parser = ArgumentParser(exit_on_error=False)
    parser.add_argument("--out", type=str)
    add_recipe_options(parser)
    return parser


def test_what_was_not_given_is_left_to_the_preset(parser: ArgumentParser) -> None:
    given = ["--out", "run", "--epochs", "3", "--scale", "[0.5, 2]", "--balance", "false"]
    settings = parser.parse_args([*given, "--rule_settings", "{low: 0.25}"]).as_dict()
    taken = take_recipe_settings(settings)
    assert taken == {
        "epochs": 3, "scale": (0.5, 2.0), "balance": False, "rule_settings": {"low": 0.25}
    }  # fmt: skip
    assert settings == {"out": "run"}


@pytest.mark.parametrize(("option", "wrong"), [("epochs", "1.5"), ("scale", "[1]"), ("ema", "x")])
def test_a_value_of_another_type_is_refused(
    parser: ArgumentParser, option: str, wrong: str
) -> None:
    with pytest.raises(ArgumentError, match=option):
        parser.parse_args([f"--{option}", wrong])


def test_every_option_is_described_by_the_recipe(parser: ArgumentParser) -> None:
    described = dict(re.findall(r"^    (\w+)\n        (.+)\.?$", Recipe.__doc__ or "", re.M))
    helps = {action.dest: action.help for action in parser._actions}
    for field in fields(Recipe):
        assert helps[field.name]
        assert described[field.name].startswith(helps[field.name][: len(described[field.name]) - 1])
