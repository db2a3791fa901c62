"""Options of a verb from a function's signature: YAML, ``--print_config``, near misses."""

import re
import sys
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from typing import Any, NoReturn

from jsonargparse import ArgumentParser

Words = str | list[str] | None


class VerbParser(ArgumentParser):
    """A parser that answers a wrong option in one line with the nearest right one."""

    def error(self, message: str, _ex: Exception | None = None) -> NoReturn:
        """Print the reason and leave with status 2."""
        reason = " ".join(str(message).split())
        print(f"{self.prog}: {reason}{self._nearest(reason)}", file=sys.stderr)
        raise SystemExit(2)

    def switches(self) -> set[str]:
        """Names of the options that are true or false."""
        return {
            action.dest
            for action in self._actions
            if getattr(action, "_typehint", None) in (bool, bool | None)
        }

    def _nearest(self, reason: str) -> str:
        known = [name.lstrip("-") for name in self._option_string_actions]
        wrong = re.findall(r"--([\w.-]+)|[Kk]ey '?\"?([\w.-]+)", reason)
        for name in (first or second for first, second in wrong):
            near = get_close_matches(name, [k for k in known if k != name], n=1)
            if near and name not in known:
                return f"; did you mean --{near[0]}?"
        return f"; {self.prog} --help lists the options"


def verb_parser(
    verb: str, function: Callable[..., Any], *, skip: set[str | int] | None = None
) -> VerbParser:
    """Make the parser of a verb whose options are the parameters of a function, but for some."""
    parser = VerbParser(prog=f"getam {verb}", description=first_line(function), allow_abbrev=False)
    parser.add_argument("--config", action="config", help="YAML file with any of these options")
    parser.add_function_arguments(function, as_group=False, skip=skip)
    parser.epilog = "--debug shows the whole trace of an error"
    return parser


def run_verb(verb: str, function: Callable[..., Any], options: Sequence[str]) -> None:
    """Parse the options and call the function with them."""
    function(**parse(verb_parser(verb, function), options))


def parse(parser: VerbParser, options: Sequence[str]) -> dict[str, Any]:
    """Options as keyword arguments; ``--flag`` and ``--no-flag`` stand for true and false."""
    settings = parser.parse_args(spelled_out(options, switches=parser.switches()))
    return {name: value for name, value in settings.as_dict().items() if name != "config"}


def spelled_out(options: Sequence[str], *, switches: set[str]) -> list[str]:
    """Options as the parser knows them: ``_`` for ``-`` in names, a value for every switch.

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
    """A list of different names from ``a,b`` or from a YAML list; None if none was given.

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


def first_line(function: Callable[..., Any]) -> str:
    """First line of a function's docstring."""
    return (function.__doc__ or "").strip().splitlines()[0]
