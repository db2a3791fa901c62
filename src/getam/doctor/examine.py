"""This module gathers the facts about this machine in one diagnosis."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from getam.doctor.extras import extras
from getam.doctor.fact import Fact
from getam.doctor.hardware import devices, memory, processor
from getam.doctor.machine import machine
from getam.doctor.weights import cache, default_weights, hub
from getam.files import whole_file


@dataclass(frozen=True)
class Diagnosis:
    """A diagnosis says what was found on this machine.

    Attributes
    ----------
    facts
        The facts say what was found, and what follows from it.
    """

    facts: Sequence[Fact]

    def table(self) -> str:
        """Return the facts as text, and after them what of them will matter for a run."""
        width = max(len(fact.name) for fact in self.facts)
        rows = [f"{fact.name:<{width}}  {fact.value}" for fact in self.facts]
        matters = [f"  {fact.name}: {fact.meaning}" for fact in self.facts if fact.meaning]
        return "\n".join([*rows, "", *(["what will matter:", *matters] if matters else [NOTHING])])

    def as_dict(self) -> dict[str, Any]:
        """Return the facts as JSON can hold them, with the machine as a run records it."""
        return {"machine": machine(), "facts": [asdict(fact) for fact in self.facts]}

    def write_json(self, path: str | Path) -> None:
        """Write the facts to a JSON file."""
        with whole_file(path) as temporary:
            temporary.write_text(json.dumps(self.as_dict(), indent=2) + "\n", encoding="utf-8")


NOTHING = "Nothing stands in the way of a run."
"""The last line if no fact has a meaning."""


def examine(*, ask_hub: bool = False) -> Diagnosis:
    """Return what getam finds on this machine, and what of it will matter for a run.

    Parameters
    ----------
    ask_hub
        Whether to send one request to the hub of pretrained weights, which takes 5 seconds at
        most. Without it, no request is sent.

    Returns
    -------
    Diagnosis
        The facts about versions, devices, processor, memory, extras, cache and hub.
    """
    found = (devices(), processor(), memory(), extras(), cache(), default_weights())
    return Diagnosis([*_versions(), *found, hub(ask=ask_hub)])


def _versions() -> list[Fact]:
    here = machine()
    listed = ", ".join(f"{name} {version}" for name, version in here["versions"].items())
    return [Fact("python", f"{here['python']} on {here['platform']}"), Fact("versions", listed)]
