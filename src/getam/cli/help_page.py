"""The help page of a verb shows options as people type them, and those of the verb first."""

from argparse import Action, HelpFormatter
from collections.abc import Iterable
from pathlib import Path
from typing import Any, get_args

SWITCH = (bool, bool | None)
"""These are the types of options that are true or false."""

PLACEHOLDERS = {Path: "PATH", int: "N", float: "NUMBER", str: "NAME", dict: "SETTINGS"}

FIRST_WORDS = {"run": "RUN", "model": "RUN", "checkpoint": "CHECKPOINT", "data": "DATA"}
"""The first of these options that a verb has may be given as the first word, without its name.

The values stand for the word on the help page.
"""


class VerbHelp(HelpFormatter):
    """This formatter leaves Python's types away and repeats no default that the text names."""

    first: str | None = None
    """The option of `FIRST_WORDS` that the verb has."""

    def _format_usage(
        self, _usage: str | None, actions: Iterable[Action], _groups: Any, _prefix: str | None
    ) -> str:
        words = [
            FIRST_WORDS[action.dest] if action.required else f"[{FIRST_WORDS[action.dest]}]"
            for action in actions
            if action.dest == self.first
        ]
        needed = (
            self._format_action_invocation(action)
            for action in actions
            if action.required and action.dest != self.first
        )
        return f"usage: {' '.join([self._prog, *words, *needed])} [options]\n\n"

    def _format_action_invocation(self, action: Action) -> str:
        name = action.dest.replace("_", "-")
        if action.nargs == 0 or action.dest == "print_config":
            return ", ".join(action.option_strings)
        kind = getattr(action, "_typehint", Path)
        if kind not in SWITCH:
            word = f"{FIRST_WORDS[action.dest]}, " if action.dest == self.first else ""
            return f"{word}--{name} {placeholder(kind)}"
        return f"--{name}" if action.default is False else f"--{name}, --no-{name}"

    def _get_help_string(self, action: Action) -> str:
        if action.dest == "print_config":
            return "print the options as YAML and leave"
        text = action.help or ""
        if isinstance(action.default, bool):
            return f"{text} (default: yes)" if action.default else text
        named = action.default is None or "default" in text or action.nargs == 0
        return text if named else f"{text} (default: %(default)s)"


def placeholder(kind: Any) -> str:
    """Return what stands for a value of a type on the help page.

    Examples
    --------
    >>> placeholder(Path | None), placeholder(int), placeholder(str | list[str] | None)
    ('PATH', 'N', 'A,B,...')
    """
    kinds = [getattr(part, "__origin__", part) for part in get_args(kind) or (kind,)]
    if list in kinds:
        return "A,B,..."
    if tuple in kinds:
        return "[A,B,...]"
    return next(PLACEHOLDERS[part] for part in kinds if part in PLACEHOLDERS)
