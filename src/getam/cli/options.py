"""The options of a verb come from the signature of its function, or from a YAML file."""

import argparse
import re
import sys
from collections.abc import Callable, Collection, Sequence
from difflib import get_close_matches
from inspect import signature
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from jsonargparse import ArgumentParser

from getam.cli.help_page import FIRST_WORDS, SWITCH, VerbHelp
from getam.cli.path_options import checked_path
from getam.cli.settings_file import read_settings

Words = str | list[str] | None

Number = TypeVar("Number", int, float)
EXAMPLES = {int: "0,1,2", float: "0.75,1,1.25"}


class VerbParser(ArgumentParser):
    """This parser answers a wrong option in one line with the nearest right one.

    Attributes
    ----------
    first
        The option that the first word of the command gives; None if every option needs its name.
    """

    first: str | None = None

    def _get_formatter(self, *arguments: Any) -> argparse.HelpFormatter:
        formatter = super()._get_formatter(*arguments)
        if isinstance(formatter, VerbHelp):
            formatter.first = self.first
        return formatter

    def format_help(self, formatter: argparse.HelpFormatter | None = None) -> str:
        """Return the help page, with the options that every verb has at its end."""
        self._optionals.title = "options of every verb"
        own_first = sorted(self._action_groups, key=lambda group: group is self._optionals)
        self._action_groups = own_first
        return super().format_help(formatter)

    def error(self, message: str, _ex: Exception | None = None) -> NoReturn:
        """Print the reason and leave with status 2."""
        reason = _plain_reason(" ".join(str(message).split()))
        print(f"{self.prog}: {reason}{self._nearest(reason)}", file=sys.stderr)
        raise SystemExit(2)

    def switches(self) -> set[str]:
        """Return the names of the options that are true or false."""
        return {
            action.dest for action in self._actions if getattr(action, "_typehint", None) in SWITCH
        }

    def _nearest(self, reason: str) -> str:
        known = [name.lstrip("-") for name in self._option_string_actions]
        wrong = re.findall(r"--([\w.-]+)|[Kk]ey '?\"?([\w.-]+)", reason)
        for name in (first or second for first, second in wrong):
            near = get_close_matches(name, [k for k in known if k != name], n=1)
            if near and name not in known:
                return f"; did you mean --{near[0]}?"
        return f"; {self.prog} --help lists the options"


def _plain_reason(reason: str) -> str:
    """Return a parser's complaint about the type of a value in plain words.

    Examples
    --------
    >>> _plain_reason(
    ...     'Parser key "ema": Does not validate against any of the Union subtypes Subtypes: '
    ...     "[<class 'float'>, <class 'NoneType'>] Errors: ... Given value: much"
    ... )
    'ema must be a number, got much'
    """
    found = _WRONG_TYPE.search(reason)
    if found is None:
        return reason
    name, types, value = found.groups()
    expected = next((text for kind, text in _TYPES.items() if kind in types), "of another kind")
    return f"{name} must be {expected}, got {value}"


_WRONG_TYPE = re.compile(
    r'Parser key "([\w.]+)": Does not validate.*Subtypes: \[(.*?)\] Errors.*'
    r"Given value: (.*)$"
)
_TYPES = {
    "tuple[float, float]": "two numbers such as [0.9, 1.2]",
    "'int'": "a whole number",
    "'float'": "a number",
    "'bool'": "true or false",
    "dict[": "names with values, such as {low: 0.3}",
    "list[": "a list such as [1, 2]",
}
"""How a message names a type. jsonargparse writes several lines about it."""


def verb_parser(
    verb: str, function: Callable[..., Any], *, skip: set[str | int] | None = None
) -> VerbParser:
    """Make the parser of a verb whose options are the parameters of a function, but for some."""
    parser = empty_parser(verb, function)
    group = parser.add_argument_group("options")
    group.add_function_arguments(function, as_group=False, skip=skip)
    parser.first = next(
        (name for name in FIRST_WORDS if name in signature(function).parameters), None
    )
    return parser


def empty_parser(verb: str, function: Callable[..., Any]) -> VerbParser:
    """Make the parser of a verb with those options alone that every verb has."""
    parser = VerbParser(
        prog=f"getam {verb}",
        description=first_line(function),
        allow_abbrev=False,
        formatter_class=VerbHelp,
    )
    parser.add_argument("--config", action="config", help="YAML file with any of these options")
    parser.epilog = "--debug shows the whole trace of an error"
    return parser


def run_verb(verb: str, function: Callable[..., Any], options: Sequence[str]) -> int | None:
    """Parse the options, call the function with them and return its exit status, if it has one."""
    return function(**parse(verb_parser(verb, function), options))


def parse(
    parser: VerbParser, options: Sequence[str], *, unread: Collection[str] = ()
) -> dict[str, Any]:
    """Return the options as keyword arguments; ``--flag`` is true and ``--no-flag`` is false.

    The first word may give the option ``parser.first``, which must then not be given again. Files
    and folders must exist, but for those of the options that are ``unread``.
    """
    first, spelled = parser.first, spelled_out(options, switches=parser.switches())
    if first is not None and spelled and not spelled[0].startswith("-"):
        if any(option.partition("=")[0] == f"--{first}" for option in spelled):
            parser.error(f"{spelled[0]} stands first and gives --{first}: leave one of them out")
        spelled = [*spelled[1:], f"--{first}={spelled[0]}"]
    for before, option in zip(["", *spelled], spelled, strict=False):
        if not option or (option.startswith("--") and option.endswith("=")):
            name = option.rstrip("=") or before or "the first word"
            parser.error(f"{name} has an empty value: leave it out, or give one")
    for file in _config_files(spelled):
        try:
            read_settings(file)  # the parser would write out what the file names again and again
        except (OSError, ValueError) as error:
            parser.error(str(error))
    settings = parser.parse_args(spelled)
    given = {name: value for name, value in settings.as_dict().items() if name != "config"}
    verb = parser.prog.split()[-1]
    return {
        name: checked_path(name, value, verb=verb, refuse=parser.error, unread=unread)
        for name, value in given.items()
    }


def _config_files(spelled: Sequence[str]) -> list[Path]:
    """Return the files of settings that the command names."""
    given = [option.partition("=")[2] for option in spelled if option.startswith("--config=")]
    given += [
        value for name, value in zip(spelled, spelled[1:], strict=False) if name == "--config"
    ]
    return [Path(file) for file in given if Path(file).is_file()]


def spelled_out(options: Sequence[str], *, switches: set[str]) -> list[str]:
    """Spell the options as the parser knows them: ``_`` for ``-``, and a value for every switch.

    Examples
    --------
    >>> spelled_out(["--no-pretrained", "--batch-size", "4"], switches={"pretrained"})
    ['--pretrained=false', '--batch_size', '4']
    """
    spelled = []
    for position, option in enumerate(options):
        if not option.startswith("--"):
            spelled.append(option)
            continue
        name, given, value = option[2:].partition("=")
        name = name.replace("-", "_")
        following = options[position + 1] if position + 1 < len(options) else ""
        if name in switches and not given and following not in ("true", "false"):
            given, value = "=", "true"
        elif name.startswith("no_") and name[3:] in switches:
            name, given, value = name[3:], "=", "false"
        spelled.append(f"--{name}{given}{value}")
    return spelled


def words(given: Words) -> list[str] | None:
    """Return the different names of ``a,b`` or of a YAML list; None if none was given.

    Raises
    ------
    ValueError
        If the list is empty.
    """
    if given is None:
        return None
    names = given if isinstance(given, list) else [name.strip() for name in given.split(",")]
    different = list(dict.fromkeys(name for name in names if name))
    if not different:
        raise ValueError(f"a list of names such as a,b was expected, got {given!r}")
    return different


def numbers(
    given: str | list[Number] | None, *, option: str, of: type[Number]
) -> list[Number] | None:
    """Return the numbers of ``0,1,2`` or of a YAML list; None if none were given.

    Parameters
    ----------
    given
        The value that the command line or the file gives.
    option
        The name of the option, for the message.
    of
        int or float.

    Raises
    ------
    ValueError
        If something else than numbers was given.
    """
    if given is None or isinstance(given, list):
        return given
    try:
        return [of(number) for number in given.split(",")]
    except ValueError:
        raise ValueError(
            f"{option} must be numbers such as {EXAMPLES[of]}, got {given!r}"
        ) from None


def first_line(function: Callable[..., Any]) -> str:
    """Return the first line of a function's docstring."""
    return (function.__doc__ or "").strip().splitlines()[0]
