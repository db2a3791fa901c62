"""Options as text become names and numbers, or one line that says what was expected."""

from pathlib import Path

import pytest

from getam.cli import train
from getam.cli.options import numbers, parse, verb_parser, words


def test_numbers_from_text_and_from_a_list() -> None:
    assert numbers("0,6, 8", option="first_blocks", of=int) == [0, 6, 8]
    assert numbers("0.75,1", option="scales", of=float) == [0.75, 1.0]
    assert numbers([3, 4], option="seeds", of=int) == [3, 4]
    assert numbers(None, option="seeds", of=int) is None


@pytest.mark.parametrize("given", ["", "1,", "a", "0.5"])
def test_what_is_no_whole_number(given: str) -> None:
    with pytest.raises(ValueError, match=f"seeds must be numbers such as 0,1,2, got '{given}'"):
        numbers(given, option="seeds", of=int)


def test_names_count_once() -> None:
    assert words("cat, dog,cat") == ["cat", "dog"]
    with pytest.raises(ValueError, match="a list of names such as a,b"):
        words(" , ")


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ("--learning-rate=nan", "learning_rate must be a number, got nan"),
        ("--epochs=1.5", "epochs must be a whole number, got 1.5"),
        ("--scale=[1]", "scale must be two numbers such as [0.9, 1.2], got [1]"),
        ("--rule-settings=3", "rule_settings must be names with values, such as {low: 0.3}, got 3"),
    ],
)
def test_a_value_of_another_type_is_answered_in_plain_words(
    given: str, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        train.run([given])
    assert capsys.readouterr().err.startswith(f"getam train: {line}; getam train --help")


def with_model(model: Path, data: Path, flip: bool = False) -> None:
    """Do nothing.

    Args:
        model: a model
        data: a data set
        flip: mirror
    """


def without(predictions: Path) -> None:
    """Do nothing.

    Args:
        predictions: a folder
    """


@pytest.mark.parametrize(
    "options",
    [
        ["R", "--data", "D", "--flip"],
        ["--model", "R", "--data", "D", "--flip"],
        ["--flip", "--data=D", "--model=R"],
        ["R", "--config", "FILE", "--data", "D", "--flip"],
    ],
)
def test_the_first_word_names_the_run(
    options: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for folder in "RD":
        Path(folder).mkdir()
    file = tmp_path / "options.yaml"
    file.write_text("model: other")
    given = [str(file) if option == "FILE" else option for option in options]
    settings = parse(verb_parser("label", with_model), given)
    assert settings == {"model": Path("R"), "data": Path("D"), "flip": True}


@pytest.mark.parametrize(
    ("function", "options", "expected"),
    [
        (with_model, ["R", "S", "--data", "D"], "unrecognized arguments: S;"),
        (with_model, ["--data", "D", "R"], "unrecognized arguments: R;"),
        (with_model, ["R", "--model=S", "--data", "D"], "R stands first and gives --model:"),
        (with_model, ["R", "--data"], "--data: expected one argument;"),
        (without, ["R", "--predictions", "P"], "unrecognized arguments: R;"),
    ],
)
def test_a_word_that_fits_nothing_is_named_in_one_line(
    function, options: list[str], expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        parse(verb_parser("label", function), options)
    (line,) = capsys.readouterr().err.splitlines()
    assert expected in line


@pytest.mark.parametrize(
    "options", [["--data", ""], ["--data=", "--seed", "3"], ["--data", "photos", "--out="], [""]]
)
def test_an_empty_value_is_no_folder(
    options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        parse(verb_parser("train", train.train_from_tags), options)
    assert "has an empty value: leave it out" in capsys.readouterr().err
