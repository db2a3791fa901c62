"""Every setting of a recipe is an option, and only those that are given reach the recipe."""

from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from getam.cli.options import VerbParser
from getam.cli.train_options import take_recipe_settings, train_parser
from getam.recipe import Recipe


def stand_in(data: Path, out: Path, *, recipe: dict[str, Any]) -> None:
    """Train nothing.

    Args:
        data: the photos
        out: the run
        recipe: settings that were given
    """


@pytest.fixture
def parser() -> VerbParser:
    return train_parser(stand_in)


def test_what_was_not_given_is_left_to_the_preset(parser: VerbParser) -> None:
    given = ["--data", "x", "--out", "run", "--epochs", "3", "--scale", "[0.5, 2]"]
    given += ["--balance", "0.5", "--rule_settings", "{low: 0.25}"]
    settings = parser.parse_args(given).as_dict()
    taken = take_recipe_settings(settings)
    assert taken == {
        "epochs": 3, "scale": (0.5, 2.0), "balance": 0.5, "rule_settings": {"low": 0.25}
    }  # fmt: skip
    assert "epochs" not in settings
    assert str(settings["out"]) == "run"


@pytest.mark.parametrize(("option", "wrong"), [("epochs", "1.5"), ("scale", "[1]"), ("ema", "x")])
def test_a_value_of_another_type_is_refused(
    parser: VerbParser, option: str, wrong: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as leaving:
        parser.parse_args(["--data", "x", "--out", "y", f"--{option}", wrong])
    assert leaving.value.code == 2
    said = capsys.readouterr().err.strip()
    assert option in said
    assert "\n" not in said


def test_every_setting_has_an_option_with_a_text(parser: VerbParser) -> None:
    helps = {action.dest: action.help for action in parser._actions}
    assert all(helps[field.name] for field in fields(Recipe))
